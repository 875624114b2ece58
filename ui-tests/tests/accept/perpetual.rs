#![deny(warnings)]

stateway::workflow! {
    #[perpetual]
    workflow Heart {
        start Resting;
        state Beating;
        step beat: Resting -> Beating;
        step rest: Beating -> Resting;
    }
}

pub fn main() {
    let heart = Heart::start(Resting).beat(|_| Beating).rest(|_| Resting);
    let _: fn(HeartEnd) -> ! = |end| match end {};
    let _ = heart.into_state();
}
