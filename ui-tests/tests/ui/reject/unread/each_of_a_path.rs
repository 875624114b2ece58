stateway::workflow! {
    workflow Order {
        start Placed { papers: Vec<String> };
        done Checked;
        split check: Placed -> Checked {
            each paper in placed.papers: String => usize;
            join all;
        }
    }
}

use stateway::prelude::*;

struct Desk;

impl OrderSteps for Desk {
    type Error = String;

    async fn paper(&self, _: &Placed, paper: &String, _: &Branch<Check>) -> Result<usize, String> {
        Ok(paper.len())
    }

    async fn check(&self, _: Placed, joined: CheckJoined, step: &Step<Check>) -> Result<Check, String> {
        assert!(joined.len() > 1);
        Ok(step.to(Checked))
    }
}

fn main() {}
