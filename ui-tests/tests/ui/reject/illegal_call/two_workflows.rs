//! In a crate with several workflows, a word that both have is printed with its path.

mod letter {
    stateway::workflow! {
        pub workflow Letter {
            start Draft;
            state Sealed;
            done Sent;
            step seal: Draft -> Sealed;
            step send: Sealed -> Sent;
        }
    }
}

mod parcel {
    stateway::workflow! {
        pub workflow Parcel {
            start Packed;
            done Posted;
            step send: Packed -> Posted;
        }
    }
}

fn main() {
    let _ = letter::Letter::start(letter::Draft).send(|_| letter::Sent);
    let _ = letter::Letter::start(letter::Draft).seal(|_| letter::Sent);
    let _ = parcel::Parcel::start(parcel::Packed)
        .send(|_| parcel::Posted)
        .send(|_| parcel::Posted);
}
