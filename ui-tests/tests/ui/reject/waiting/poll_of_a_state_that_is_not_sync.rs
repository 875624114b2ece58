use std::cell::Cell;

use stateway::prelude::*;

workflow! {
    workflow Payment {
        start Sent { tries: Cell<u32> };
        done Settled;

        poll settle every 5s: Sent -> Settled;
    }
}

fn main() {}
