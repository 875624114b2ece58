use std::cell::RefCell;

use stateway::prelude::*;

workflow! {
    workflow Chat {
        start Asked;
        done Replied;
        log messages: RefCell<String>;
        step answer: Asked -> Replied;
    }
}

fn main() {}
