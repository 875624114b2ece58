use stateway::prelude::*;

workflow! {
    workflow Bill {
        start Draft;
        state Held;
        done Paid;
        signal hold: Draft -> Held;
        signal pay: Draft | Held -> Paid;
    }
}

fn by(from: PayFrom) -> u8 {
    match from {
        PayFrom::Draft(_) => 1,
    }
}

fn main() {}
