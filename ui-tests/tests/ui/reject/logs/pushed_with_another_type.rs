use stateway::prelude::*;

workflow! {
    workflow Chat {
        start Asked;
        done Answered;
        log messages: String;
        step answer: Asked -> Answered;
    }
}

async fn answer(step: &Step<Answer>) {
    step.messages().push(7);
}

fn main() {}
