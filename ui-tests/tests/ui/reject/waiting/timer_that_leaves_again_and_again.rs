use stateway::prelude::*;

workflow! {
    workflow Request {
        start Draft;
        done Expired;

        timer expire every 1d: Draft -> Expired;
    }
}

fn main() {}
