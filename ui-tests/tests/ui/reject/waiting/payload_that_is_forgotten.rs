use stateway::prelude::*;

workflow! {
    workflow Auction {
        start Open;
        done Sold;

        signal hammer(): Open -> Sold;
    }
}

fn main() {}
