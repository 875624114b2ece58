//! The branches of a split in a stored run: what has ended is not asked again, in the same round.

use std::sync::Arc;
use std::time::Duration;

use stateway::prelude::*;
use stateway::{Clock, MemoryStore};

use crate::support::shop::until;

mod looped {
    use std::sync::Mutex;

    use super::*;

    workflow! {
        #[durable(version = 1)]
        #[derive(Clone)]
        pub(crate) workflow Survey {
            start Open { round: u32 };
            state Asked { round: u32, answers: Vec<String> };
            done Over { answers: Vec<String> };

            split ask: Open -> Asked {
                branch quick: String;
                branch slow: String;
                join all;
            }
            step again: Asked -> Open | Over;
        }
    }

    /// In the first round, the slow branch waits for ever the first time.
    #[derive(Clone, Default)]
    pub(crate) struct Panel(pub(crate) Arc<Mutex<Vec<String>>>);

    impl SurveySteps for Panel {
        type Error = String;

        async fn quick(&self, at: &Open, _: &Branch<Ask>) -> Result<String, String> {
            let call = format!("quick {}", at.round);
            self.0.lock().unwrap().push(call.clone());
            Ok(call)
        }

        async fn slow(&self, at: &Open, _: &Branch<Ask>) -> Result<String, String> {
            let call = format!("slow {}", at.round);
            let is_first = {
                let mut calls = self.0.lock().unwrap();
                calls.push(call.clone());
                !calls[..calls.len() - 1].contains(&call) && at.round == 1
            };
            if is_first {
                std::future::pending::<()>().await;
            }
            Ok(call)
        }

        async fn ask(&self, at: Open, joined: AskJoined, step: &Step<Ask>) -> Result<Ask, String> {
            Ok(step.to(Asked {
                round: at.round,
                answers: vec![joined.quick, joined.slow],
            }))
        }

        async fn again(&self, at: Asked, step: &Step<Again>) -> Result<Again, String> {
            Ok(if at.round < 2 {
                step.to(Open {
                    round: at.round + 1,
                })
            } else {
                step.to(Over {
                    answers: at.answers,
                })
            })
        }
    }
}

/// The same of a split: what its branches gave belongs to the visit.
#[tokio::test(start_paused = true)]
async fn a_split_that_is_visited_again_asks_every_branch_again() {
    use looped::*;

    let (store, panel) = (Arc::new(MemoryStore::new()), Panel::default());
    let launch = async || {
        let runner = Runner::<Survey>::builder(panel.clone())
            .clock(Clock::tokio())
            .store(Arc::clone(&store));
        runner.launch().await.unwrap()
    };
    let first = launch().await;
    first.start("s-1", (), Open { round: 1 }).await.unwrap();
    until(async || panel.0.lock().unwrap().len() == 2).await;
    drop(first);
    // The slow branch is asked again, the quick one is remembered; in the second round, both are asked.
    let second = launch().await;
    let run = second.get("s-1").await.unwrap().unwrap();
    let SurveyEnd::Over(over) = run.end().await.unwrap();
    assert_eq!(over.answers, ["quick 2", "slow 2"]);
    assert_eq!(
        *panel.0.lock().unwrap(),
        ["quick 1", "slow 1", "slow 1", "quick 2", "slow 2"]
    );
}

mod rounds {
    use std::sync::Mutex;

    use super::*;

    workflow! {
        #[durable(version = 1)]
        #[derive(Clone)]
        pub(crate) workflow Bids {
            start Begun;
            transient state Open { round: u32, sum: u32 };
            transient state Asked { round: u32, sum: u32 };
            done Over { sum: u32 };

            step begin: Begun -> Open;
            split ask: Open -> Asked {
                branch price: u32;
                branch fee: u32;
                join all;
            }
            step again: Asked -> Open | Over;
        }
    }

    #[derive(Clone, Default)]
    pub(crate) struct Market(pub(crate) Arc<Mutex<u32>>);

    impl BidsSteps for Market {
        type Error = String;

        async fn begin(&self, _: Begun, step: &Step<Begin>) -> Result<Begin, String> {
            Ok(step.to(Open { round: 1, sum: 0 }))
        }

        async fn price(&self, at: &Open, _: &Branch<Ask>) -> Result<u32, String> {
            Ok(if at.round == 1 { 1 } else { 100 })
        }

        async fn fee(&self, _: &Open, _: &Branch<Ask>) -> Result<u32, String> {
            Ok(0)
        }

        async fn ask(&self, at: Open, joined: AskJoined, step: &Step<Ask>) -> Result<Ask, String> {
            Ok(step.to(Asked {
                round: at.round,
                sum: at.sum + joined.price + joined.fee,
            }))
        }

        async fn again(&self, at: Asked, step: &Step<Again>) -> Result<Again, String> {
            if at.round == 1 {
                return Ok(step.to(Open {
                    round: 2,
                    sum: at.sum,
                }));
            }
            let visits = {
                let mut visits = self.0.lock().unwrap();
                *visits += 1;
                *visits
            };
            if visits == 1 {
                std::future::pending::<()>().await;
            }
            Ok(step.to(Over { sum: at.sum }))
        }
    }
}

/// The output of a branch of the second round was taken for that of the first, if no state between was stored.
#[tokio::test(start_paused = true)]
async fn outputs_of_branches_belong_to_their_round() {
    use rounds::*;

    let (store, market) = (Arc::new(MemoryStore::new()), Market::default());
    let launch = async || {
        let runner = Runner::<Bids>::builder(market.clone())
            .clock(Clock::tokio())
            .store(Arc::clone(&store));
        runner.launch().await.unwrap()
    };
    let first = launch().await;
    first.start("b-1", (), Begun).await.unwrap();
    until(async || *market.0.lock().unwrap() == 1).await;
    drop(first);
    let second = launch().await;
    let run = second.get("b-1").await.unwrap().unwrap();
    let BidsEnd::Over(over) = run.end().await.unwrap();
    assert_eq!(over.sum, 101);
}

mod refused {
    use std::sync::Mutex;

    use super::*;

    workflow! {
        #[durable(version = 1)]
        #[derive(Clone)]
        pub(crate) workflow Offer {
            start Open;
            done Closed { sum: u32 };

            split ask: Open -> Closed with retry(4, every 1s), breaker(market) {
                branch price: u32;
                branch fee: u32;
                join all;
            }
        }
    }

    #[derive(Clone)]
    pub(crate) struct Market {
        pub(crate) breaker: Arc<Breaker>,
        pub(crate) calls: Arc<Mutex<Vec<String>>>,
    }

    impl OfferSteps for Market {
        type Error = String;

        async fn price(&self, _: &Open, branch: &Branch<Ask>) -> Result<u32, String> {
            let mut calls = self.calls.lock().unwrap();
            calls.push(format!("price {}", branch.attempt()));
            Ok(100)
        }

        async fn fee(&self, _: &Open, branch: &Branch<Ask>) -> Result<u32, String> {
            let asked = {
                let mut calls = self.calls.lock().unwrap();
                calls.push(format!("fee {}", branch.attempt()));
                calls.len()
            };
            if asked == 2 {
                std::future::pending::<()>().await;
            }
            Ok(1)
        }

        async fn ask(&self, _: Open, joined: AskJoined, step: &Step<Ask>) -> Result<Ask, String> {
            let mut calls = self.calls.lock().unwrap();
            calls.push(format!("ask {}", step.attempt()));
            Ok(step.to(Closed {
                sum: joined.price + joined.fee,
            }))
        }

        fn market(&self) -> &Breaker {
            &self.breaker
        }
    }
}

/// An attempt that a breaker refused was one of those that a handler is told of, after a restart only.
#[tokio::test(start_paused = true)]
async fn a_finished_branch_is_not_asked_again_where_a_breaker_had_refused_an_attempt() {
    use refused::*;

    let breaker = Breaker::new("market").failures(1);
    let market = Market {
        breaker: Arc::new(breaker.cool_down(Duration::from_secs(2))),
        calls: Arc::default(),
    };
    market.breaker.acquire().unwrap().failure();
    let store = Arc::new(MemoryStore::new());
    let launch = async || {
        let runner = Runner::<Offer>::builder(market.clone())
            .clock(Clock::tokio())
            .store(Arc::clone(&store));
        runner.launch().await.unwrap()
    };
    let first = launch().await;
    first.start("o-1", (), Open).await.unwrap();
    until(async || market.calls.lock().unwrap().len() == 2).await;
    drop(first);
    let second = launch().await;
    let run = second.get("o-1").await.unwrap().unwrap();
    let OfferEnd::Closed(closed) = run.end().await.unwrap();
    assert_eq!(closed.sum, 101);
    let calls = market.calls.lock().unwrap();
    assert_eq!(*calls, ["price 1", "fee 1", "fee 1", "ask 1"]);
}
