use stateway::prelude::*;

workflow! {
    #[durable(version = 1)]
    workflow Chat {
        start Asked;
        done Answered;
        log messages: &'static str;
        step answer: Asked -> Answered;
    }
}

fn main() {}
