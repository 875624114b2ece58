//! Every form of a split, with every strategy.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use stateway::prelude::*;

workflow! {
    #[derive(Clone)]
    workflow Rating {
        input { customer: u64 }
        start Asked { items: Vec<u32>, more: Arc<[String]> };
        state Counted { queue: VecDeque<u32> };
        state Sampled;
        state Settled;
        state Polled { ages: BTreeMap<u32, u32> };
        done Rated { by: String };
        failed Lost;

        /// Counts.
        split count: Asked -> Counted {
            each item in more: String => usize, at most 2 with timeout(1s);
            join all within 10s;
        }
        split sample: Counted -> Sampled with undo(unsample), deadline(1m) {
            each number in queue: u32 => u32 with spawn;
            join any;
        }
        split settle: Sampled -> Settled with retry(2), breaker(bank) {
            branch branch: u32;
            branch state: Vec<&'static str> with retry(2), limit(quota);
            branch r#type: Option<u32> with spawn, timeout(1s);
            join settled(min 2);
        }
        split poll: Settled -> Polled | Lost with catch(poll_later) {
            branch step: u32;
            branch context: u32;
            branch joined: u32;
            join percent(50);
        }
        split rate as RateNext: Polled -> Rated {
            branch first: u32;
            branch second: String with breaker(bank);
            join any;
        }
    }
}

struct Bank {
    bank: Breaker,
    quota: Limiter,
}

impl RatingSteps for Bank {
    type Error = String;

    async fn item(&self, asked: &Asked, item: &String, branch: &Branch<Count>) -> Result<usize, String> {
        assert_eq!(&asked.more[branch.index()], item);
        Ok(item.len())
    }

    async fn count(&self, asked: Asked, joined: CountJoined, step: &Step<Count>) -> Result<Count, String> {
        let lengths: Vec<usize> = joined;
        Ok(step.to(Counted { queue: lengths.iter().map(|it| *it as u32).chain(asked.items).collect() }))
    }

    async fn number(&self, _: &Counted, number: &u32, _: &Branch<Sample>) -> Result<u32, String> {
        Ok(*number)
    }

    async fn sample(&self, _: Counted, joined: SampleJoined, step: &Step<Sample>) -> Result<Sample, String> {
        let First { item, output, .. } = joined;
        assert!(item < 10 && output < 10);
        Ok(step.to(Sampled))
    }

    async fn unsample(&self, _: Sampled, _: &Undo<Sample>) -> Result<(), String> {
        Ok(())
    }

    async fn branch(&self, _: &Sampled, branch: &Branch<Settle>) -> Result<u32, String> {
        Ok(branch.attempt())
    }

    async fn state(&self, _: &Sampled, _: &Branch<Settle>) -> Result<Vec<&'static str>, String> {
        Ok(vec![])
    }

    async fn r#type(&self, _: &Sampled, branch: &Branch<Settle>) -> Result<Option<u32>, String> {
        assert_eq!(branch.name(), "type");
        Ok(None)
    }

    async fn settle(&self, _: Sampled, joined: SettleJoined<String>, step: &Step<Settle>) -> Result<Settle, String> {
        let SettleJoined { branch, state, r#type } = joined;
        assert!(branch.is_done() && state.is_done() && r#type.is_done());
        Ok(step.to(Settled))
    }

    async fn step(&self, _: &Settled, _: &Branch<Poll>) -> Result<u32, String> {
        Ok(1)
    }

    async fn context(&self, _: &Settled, _: &Branch<Poll>) -> Result<u32, String> {
        Err("away".to_owned())
    }

    async fn joined(&self, _: &Settled, _: &Branch<Poll>) -> Result<u32, String> {
        Ok(3)
    }

    async fn poll(&self, _: Settled, joined: PollJoined<Self::Error>, step: &Step<Poll>) -> Result<Poll, String> {
        match (joined.step, joined.context, joined.joined) {
            (Branched::Done(1), Branched::Failed(error), Branched::Done(3)) => {
                assert_eq!(error.cause().error().map(String::as_str), Some("away"));
                Ok(step.to(Polled { ages: BTreeMap::new() }))
            }
            other => panic!("{other:?}"),
        }
    }

    async fn poll_later(&self, _: Settled, cause: Cause<String>, step: &Step<Poll>) -> Result<Poll, String> {
        assert!(matches!(cause, Cause::Join(_)));
        Ok(step.to(Lost))
    }

    async fn first(&self, _: &Polled, _: &Branch<RateNext>) -> Result<u32, String> {
        Err("no".to_owned())
    }

    async fn second(&self, _: &Polled, _: &Branch<RateNext>) -> Result<String, String> {
        Ok("second".to_owned())
    }

    async fn rate(&self, _: Polled, joined: RateNextJoined, step: &Step<RateNext>) -> Result<RateNext, String> {
        match joined {
            RateNextJoined::First(_) => Err("it fails".to_owned()),
            RateNextJoined::Second(by) => Ok(step.to(Rated { by })),
        }
    }

    fn bank(&self) -> &Breaker {
        &self.bank
    }

    fn quota(&self) -> &Limiter {
        &self.quota
    }
}

pub fn main() {
    let bank = Arc::new(Bank {
        bank: Breaker::new("bank"),
        quota: Limiter::per(std::time::Duration::from_secs(1), 100),
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_time().build();
    let end = runtime.expect("it starts").block_on(async {
        let asked = Asked { items: vec![1], more: Arc::new(["ab".to_owned()]) };
        Rating::start(RatingInput { customer: 1 }, asked).run(&bank).await
    });
    match end.expect("it ends") {
        RatingEnd::Rated(rated) => assert_eq!(rated.by, "second"),
        RatingEnd::Lost(_) => unreachable!(),
    }
}
