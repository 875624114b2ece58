use stateway::prelude::*;

workflow! {
    #[durable(version = 1)]
    workflow Chat {
        start Asked;
        done Replied;
        log messages: &'static str;
        step answer: Asked -> Replied;
    }
}

fn main() {}
