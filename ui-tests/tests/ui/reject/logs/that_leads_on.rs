stateway::workflow! {
    workflow Chat {
        start Asked;
        done Replied;
        log messages: String -> Replied;
        step answer: Asked -> Replied;
    }
}

fn main() {}
