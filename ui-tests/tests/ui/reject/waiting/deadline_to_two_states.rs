use stateway::prelude::*;

workflow! {
    workflow Request {
        start Draft;
        done Approved;
        failed TooLate;
        failed Lost;

        deadline 30d -> TooLate | Lost;

        step approve: Draft -> Approved;
    }
}

fn main() {}
