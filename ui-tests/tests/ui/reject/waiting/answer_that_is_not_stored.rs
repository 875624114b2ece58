use stateway::prelude::*;

struct Price(u32);

workflow! {
    #[durable(version = 1)]
    workflow Auction {
        start Open;
        done Sold;

        signal hammer answers Price: Open -> Sold;
    }
}

fn main() {}
