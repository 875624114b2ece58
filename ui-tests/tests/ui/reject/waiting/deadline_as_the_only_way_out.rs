use stateway::prelude::*;

workflow! {
    workflow Request {
        start Draft;
        state Forgotten;
        done Approved;
        failed TooLate;

        deadline 30d -> TooLate;

        step approve: Draft -> Approved | Forgotten;
    }
}

fn main() {}
