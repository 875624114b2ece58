stateway::workflow! {
    workflow Order {
        start Placed { papers: Vec<String> };
        done Checked;
        split check: Placed -> Checked {
            branch Stock: u32;
            branch fraud: u8;
            join quorum(1);
        }
    }
}

use stateway::prelude::*;

struct Desk;

impl OrderSteps for Desk {
    type Error = String;

    async fn stock(&self, _: &Placed, _: &Branch<Check>) -> Result<u32, String> {
        Ok(1)
    }

    async fn fraud(&self, _: &Placed, _: &Branch<Check>) -> Result<u8, String> {
        Ok(2)
    }

    async fn check(&self, _: Placed, joined: CheckJoined<String>, step: &Step<Check>) -> Result<Check, String> {
        assert!(joined.stock.is_done());
        Ok(step.to(Checked))
    }
}

fn main() {}
