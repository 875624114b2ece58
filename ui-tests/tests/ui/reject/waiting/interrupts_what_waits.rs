use stateway::prelude::*;

workflow! {
    workflow Request {
        #[derive(Clone)]
        start Draft;
        state Submitted;
        done Approved;
        done Aborted;

        step submit: Draft -> Submitted;
        signal approve: Submitted -> Approved;
        signal abort interrupts Draft | Submitted -> Aborted;
    }
}

fn main() {}
