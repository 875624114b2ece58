use stateway::prelude::*;

workflow! {
    workflow Request {
        start Draft { text: std::sync::Mutex<String> };
        done Approved;
        done Aborted;

        step approve: Draft -> Approved;
        signal abort interrupts Draft -> Aborted;
    }
}

fn main() {}
