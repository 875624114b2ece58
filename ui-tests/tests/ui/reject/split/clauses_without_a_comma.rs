stateway::workflow! {
    workflow Rating {
        start Asked { items: Vec<u32> };
        done Rated;
        failed Lost;
        split rate: Asked -> Rated | Lost {
            branch credit: u32 with retry(3) timeout(1s);
            branch fraud: u32;
            join all;
        }
    }
}

use stateway::prelude::*;

struct Bank;

impl RatingSteps for Bank {
    type Error = ();

    async fn credit(&self, _: &Asked, _: &Branch<Rate>) -> Result<u32, ()> {
        Ok(1)
    }

    async fn fraud(&self, _: &Asked, _: &Branch<Rate>) -> Result<u32, ()> {
        Ok(1)
    }

    async fn rate(&self, _: Asked, joined: RateJoined, step: &Step<Rate>) -> Result<Rate, ()> {
        let _ = joined.credit;
        Ok(step.to(Rated))
    }
}

fn main() {}
