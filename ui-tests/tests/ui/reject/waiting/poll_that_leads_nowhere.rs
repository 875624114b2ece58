use stateway::prelude::*;

workflow! {
    workflow Payment {
        start Sent;
        done Settled;

        poll settle every 5s: Sent;
        signal settled: Sent -> Settled;
    }
}

fn main() {}
