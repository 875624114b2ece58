use stateway::prelude::*;

workflow! {
    workflow Bill {
        start Draft;
        done Paid;
        signal pay(u64): Draft -> Paid;
    }
}

async fn pay(remote: stateway::Remote<Bill>) {
    let _ = remote.pay("seven").await;
}

fn main() {}
