use std::cell::RefCell;

use stateway::prelude::*;

workflow! {
    workflow Chat {
        start Asked;
        done Answered;
        log messages: RefCell<String>;
        step answer: Asked -> Answered;
    }
}

fn main() {}
