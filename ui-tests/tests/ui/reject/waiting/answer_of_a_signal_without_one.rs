use stateway::prelude::*;

workflow! {
    #[durable(version = 1)]
    workflow Auction {
        start Open;
        done Sold;

        signal hammer: Open -> Sold;
    }
}

async fn in_memory(remote: stateway::Remote<Auction>) {
    let _ = remote.hammer().answered().await;
}

async fn stored(run: stateway::runner::Run<Auction>) {
    let _ = run.hammer().answered().await;
}

fn main() {}
