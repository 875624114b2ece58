use stateway::prelude::*;

workflow! {
    workflow Request {
        start Draft;
        done Approved;
        failed TooLate { last: String, days: u32 };

        deadline 30d -> TooLate;

        step approve: Draft -> Approved;
    }
}

fn main() {}
