use stateway::prelude::*;

workflow! {
    workflow Request {
        start Draft;
        done Approved;
        failed TooLate;

        deadline 30d -> TooLate with undo(forget);

        step approve: Draft -> Approved;
    }
}

fn main() {}
