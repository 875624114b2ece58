use stateway::prelude::*;

workflow! {
    workflow Request {
        start Draft;
        done Approved;

        signal comment(String): Draft;
        signal approve: Draft -> Approved;
    }
}

fn end(step: &Step<OnComment>) -> OnComment {
    step.to(Approved)
}

fn main() {}
