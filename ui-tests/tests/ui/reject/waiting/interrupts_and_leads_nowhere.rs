use stateway::prelude::*;

workflow! {
    workflow Request {
        start Draft;
        done Approved;

        step approve: Draft -> Approved;
        signal comment(String) interrupts Draft;
    }
}

fn main() {}
