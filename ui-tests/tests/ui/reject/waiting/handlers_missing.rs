use stateway::prelude::*;

workflow! {
    workflow Bill {
        start Draft;
        done Paid;
        signal pay(u64): Draft -> Paid;
        timer give_up after 14d: Draft -> Paid;
    }
}

struct Desk;

impl BillSteps for Desk {
    type Error = String;
}

fn main() {}
