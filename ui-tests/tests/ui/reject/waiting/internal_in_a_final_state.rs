use stateway::prelude::*;

workflow! {
    workflow Request {
        start Draft;
        done Approved;

        signal approve: Draft -> Approved;
        signal comment(String): Approved;
    }
}

fn main() {}
