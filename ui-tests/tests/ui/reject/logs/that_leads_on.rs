stateway::workflow! {
    workflow Chat {
        start Asked;
        done Answered;
        log messages: String -> Answered;
        step answer: Asked -> Answered;
    }
}

fn main() {}
