stateway::workflow! {
    workflow Rating {
        start Asked { items: Vec<u32> };
        done Rated;
        failed Lost;
        split rate: Asked -> Rated | Lost {
            branch credit: std::rc::Rc<u8>;
            branch fraud: u32;
            join all;
        }
    }
}

use stateway::prelude::*;

struct Bank;

impl RatingSteps for Bank {
    type Error = ();

    async fn credit(&self, _: &Asked, _: &Branch<Rate>) -> Result<std::rc::Rc<u8>, ()> {
        Ok(1.into())
    }

    async fn fraud(&self, _: &Asked, _: &Branch<Rate>) -> Result<u32, ()> {
        Ok(1)
    }

    async fn rate(&self, _: Asked, joined: RateJoined, step: &Step<Rate>) -> Result<Rate, ()> {
        let _ = joined.credit;
        Ok(step.to(Rated))
    }
}

pub async fn run() {
    let _ = Rating::start(Asked { items: Vec::new() }).run(&Bank).await;
}

fn main() {}
