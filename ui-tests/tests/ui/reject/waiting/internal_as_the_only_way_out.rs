use stateway::prelude::*;

workflow! {
    workflow Request {
        start Draft;
        state Submitted;
        done Approved;

        signal submit: Draft -> Submitted | Approved;
        signal comment(String): Submitted;
        timer remind every 1d: Submitted;
    }
}

fn main() {}
