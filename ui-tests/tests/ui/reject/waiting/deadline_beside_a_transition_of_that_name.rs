use stateway::prelude::*;

workflow! {
    workflow Request {
        start Draft;
        done Approved;
        failed TooLate;

        deadline 30d -> TooLate;

        step deadline: Draft -> Approved;
    }
}

fn main() {}
