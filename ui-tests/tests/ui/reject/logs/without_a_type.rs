stateway::workflow! {
    workflow Chat {
        start Asked;
        done Replied;
        log messages;
        log costs { amount: u32 }
        step answer: Asked -> Replied;
    }
}

fn main() {}
