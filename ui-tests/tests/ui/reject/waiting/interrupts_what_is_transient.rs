use stateway::prelude::*;

workflow! {
    workflow Request {
        start Draft;
        transient state Checked;
        done Approved;
        done Aborted;

        step check: Draft -> Checked;
        step approve: Checked -> Approved;
        signal abort interrupts Checked -> Aborted;
    }
}

fn main() {}
