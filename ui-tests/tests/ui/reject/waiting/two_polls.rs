use stateway::prelude::*;

workflow! {
    workflow Payment {
        start Sent;
        done Settled;
        done Bounced;

        poll settle every 5s: Sent -> Settled;
        poll bounce every 1m: Sent -> Bounced;
    }
}

fn main() {}
