use stateway::prelude::*;

workflow! {
    #[derive(Clone)]
    workflow Request {
        start Draft;
        done Approved;
        done Aborted;

        step approve: Draft -> Approved;
        signal abort(String) interrupts: Draft -> Aborted;
    }
}

fn main() {}
