use stateway::prelude::*;

workflow! {
    workflow Payment {
        start Sent;
        done Settled;

        poll settle every 5m..5s: Sent -> Settled;
    }
}

fn main() {}
