use stateway::prelude::*;

workflow! {
    workflow Chat {
        start Asked;
        done Replied;
        log messages: String;
        step answer: Asked -> Replied;
    }
}

async fn answer(step: &Step<Answer>) {
    step.messages().push(7);
}

fn main() {}
