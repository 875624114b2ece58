use stateway::prelude::*;

workflow! {
    workflow Request {
        start Draft;
        done Approved;

        signal comment(String): Draft with undo(forget);
        signal approve: Draft -> Approved;
    }
}

fn main() {}
