use stateway::prelude::*;

workflow! {
    workflow Request {
        start Draft;
        state Submitted;
        done Approved;

        signal submit: Draft -> Submitted;
        signal comment(String): Draft | Submitted;
        signal approve: Submitted -> Approved;
    }
}

fn main() {}
