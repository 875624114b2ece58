use stateway::prelude::*;

workflow! {
    workflow Request {
        start Draft;
        done Approved;
        failed TooLate;

        deadline 30d -> TooLate;

        step approve: Draft -> Approved;
    }
}

fn by_hand(approved: Request<Approved>) {
    approved.deadline(|_| TooLate);
}

fn main() {}
