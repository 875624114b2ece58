use stateway::prelude::*;

pub struct Message;

workflow! {
    #[durable(version = 1)]
    workflow Chat {
        start Asked;
        done Answered;
        log messages: Message;
        step answer: Asked -> Answered;
    }
}

fn main() {}
