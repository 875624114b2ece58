stateway::workflow! {
    workflow Rating {
        start Asked;
        state RateJoined;
        done Rated;
        failed Lost;
        step go: RateJoined -> Lost;
        split rate: Asked -> Rated | RateJoined {
            branch credit: u32;
            branch fraud: u32;
            join all;
        }
    }
}

fn main() {}
