use stateway::prelude::*;

workflow! {
    workflow Auction {
        start Open { highest: u32 };
        done Sold;

        signal hammer answers u32: Open -> Sold;
    }
}

struct House;

impl AuctionSteps for House {
    type Error = String;

    async fn hammer(&self, _: Open, step: &Step<OnHammer>) -> Result<Answered<OnHammer, u32>, String> {
        Ok(step.to(Sold))
    }
}

fn main() {}
