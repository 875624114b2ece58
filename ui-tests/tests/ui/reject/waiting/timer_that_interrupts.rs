use stateway::prelude::*;

workflow! {
    workflow Request {
        start Draft;
        done Approved;
        done Aborted;

        step approve: Draft -> Approved;
        timer abort after 3d interrupts Draft -> Aborted;
    }
}

fn main() {}
