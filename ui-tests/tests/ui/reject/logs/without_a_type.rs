stateway::workflow! {
    workflow Chat {
        start Asked;
        done Answered;
        log messages;
        log costs { amount: u32 }
        step answer: Asked -> Answered;
    }
}

fn main() {}
