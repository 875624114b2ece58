use stateway::prelude::*;

pub struct Message;

workflow! {
    #[durable(version = 1)]
    workflow Chat {
        start Asked;
        done Replied;
        log messages: Message;
        step answer: Asked -> Replied;
    }
}

fn main() {}
