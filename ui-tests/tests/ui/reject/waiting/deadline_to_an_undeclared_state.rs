use stateway::prelude::*;

workflow! {
    workflow Request {
        start Draft;
        done Approved;
        failed TooLate;

        deadline 30d -> ToLate;

        step approve: Draft -> Approved | TooLate;
    }
}

fn main() {}
