use std::cell::RefCell;

stateway::workflow! {
    #[durable(version = 1)]
    workflow Chat {
        start Asked;
        done Replied;
        log messages: RefCell<String>;
        step answer: Asked -> Replied;
    }
}

fn main() {}
