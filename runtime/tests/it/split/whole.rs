//! Clauses of a split itself: what is tried again as a whole, caught and undone.

use std::time::Duration;

use stateway::Scope;
use stateway::prelude::*;
use tokio::time::Instant;

use crate::support::desk::{Act, Desk, Oops};

mod quotes {
    use super::*;

    workflow! {
        #[derive(Debug, Clone)]
        workflow Quote {
            start Asked;
            state Priced { price: u32 };
            state Doubtful;
            done Sold;
            failed Gone;
            split price as Pricing: Asked -> Priced | Doubtful
                with retry(3, every 1s), timeout(5s), deadline(12s), catch(guess), undo(Priced => forget, Doubtful => leave)
            {
                branch first: u32;
                branch second: u32;
                join quorum(1);
            }
            step sell: Priced -> Sold | Gone;
            step give_up: Doubtful -> Gone;
        }
    }

    impl QuoteSteps for Desk {
        type Error = Oops;

        async fn first(&self, _: &Asked, _: &Branch<Pricing>) -> Result<u32, Oops> {
            self.act("first").await.map(|()| 1)
        }

        async fn second(&self, _: &Asked, _: &Branch<Pricing>) -> Result<u32, Oops> {
            self.act("second").await.map(|()| 2)
        }

        async fn price(
            &self,
            _: Asked,
            joined: PricingJoined<Oops>,
            step: &Step<Pricing>,
        ) -> Result<Pricing, Oops> {
            self.act("price").await?;
            let both = [joined.first, joined.second];
            let price = both.iter().filter_map(Branched::output).sum();
            Ok(step.to(Priced { price }))
        }

        async fn guess(
            &self,
            _: Asked,
            cause: Cause<Oops>,
            step: &Step<Pricing>,
        ) -> Result<Pricing, Oops> {
            let what = match &cause {
                Cause::Join(_) => "guess after a join",
                Cause::Panic(_) => "guess after a panic",
                Cause::Timeout { .. } => "guess after a timeout",
                Cause::Deadline {
                    scope: Scope::Transition,
                    ..
                } => "guess after the deadline",
                _ => "guess",
            };
            self.act(what).await?;
            Ok(step.to(Doubtful))
        }

        async fn forget(&self, priced: Priced, _: &Undo<Pricing>) -> Result<(), Oops> {
            assert_eq!(priced.price, 1);
            self.act("forget").await
        }

        async fn leave(&self, _: Doubtful, _: &Undo<Pricing>) -> Result<(), Oops> {
            self.act("leave").await
        }

        async fn sell(&self, priced: Priced, step: &Step<Sell>) -> Result<Sell, Oops> {
            assert!(priced.price > 0);
            Ok(if self.rejects("sell") {
                step.to(Gone)
            } else {
                step.to(Sold)
            })
        }

        async fn give_up(&self, _: Doubtful, step: &Step<GiveUp>) -> Result<GiveUp, Oops> {
            Ok(step.to(Gone))
        }

        fn retryable(&self, error: &Oops) -> bool {
            *error != Oops::Final
        }
    }

    async fn run(desk: &Desk) -> Result<QuoteEnd, RunError<Oops>> {
        Quote::start(Asked).run(desk).await
    }

    fn down(desk: Desk, times: usize) -> Desk {
        (0..times).fold(desk, |desk, _| {
            desk.then("first", Act::Fail(Oops::Down))
                .then("second", Act::Fail(Oops::Down))
        })
    }

    #[tokio::test(start_paused = true)]
    async fn a_split_is_tried_again_as_a_whole() {
        let desk = down(Desk::new(), 1).then("price", Act::Fail(Oops::Down));
        let began = Instant::now();
        assert!(matches!(run(&desk).await, Ok(QuoteEnd::Sold(_))));
        assert_eq!(
            desk.calls(),
            ["first", "second", "first", "price", "first", "price"]
        );
        assert_eq!(began.elapsed(), Duration::from_secs(2));
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_attempt_of_a_split_is_caught() {
        let desk = down(Desk::new(), 3);
        assert!(matches!(run(&desk).await, Ok(QuoteEnd::Gone(_))));
        assert_eq!(desk.calls()[6..], ["guess after a join", "leave"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_split_is_not_tried_again_if_too_many_branches_would_fail_again() {
        let desk = Desk::new()
            .then("first", Act::Fail(Oops::Final))
            .then("second", Act::Fail(Oops::Final));
        let began = Instant::now();
        assert!(run(&desk).await.is_ok());
        assert_eq!(
            desk.calls(),
            ["first", "second", "guess after a join", "leave"]
        );
        assert_eq!(began.elapsed(), Duration::ZERO);
        // One of them may still succeed the next time, which is enough.
        let desk = Desk::new()
            .then("first", Act::Fail(Oops::Final))
            .then("second", Act::Fail(Oops::Down));
        assert!(matches!(run(&desk).await, Ok(QuoteEnd::Sold(_))));
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_of_the_join_and_a_timeout_of_the_whole_are_caught_as_well() {
        let mut desk = Desk::new();
        for _ in 0..3 {
            desk = desk.then("price", Act::Panic);
        }
        assert!(run(&desk).await.is_ok());
        assert_eq!(desk.calls()[6..], ["guess after a panic", "leave"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_timeout_of_a_split_drops_its_branches() {
        let desk = Desk::new()
            .then("first", Act::Hang)
            .then("second", Act::Hang);
        let began = Instant::now();
        assert!(matches!(run(&desk).await, Ok(QuoteEnd::Sold(_))));
        assert_eq!(
            desk.calls(),
            [
                "first",
                "second",
                "first dropped",
                "second dropped",
                "first",
                "price"
            ]
        );
        assert_eq!(began.elapsed(), Duration::from_secs(6));
    }

    #[tokio::test(start_paused = true)]
    async fn a_deadline_of_a_split_is_caught() {
        let mut desk = Desk::new();
        for _ in 0..3 {
            desk = desk.then("first", Act::Hang).then("second", Act::Hang);
        }
        let began = Instant::now();
        assert!(matches!(run(&desk).await, Ok(QuoteEnd::Gone(_))));
        let calls = desk.calls();
        // The third attempt would begin when the time is up.
        assert_eq!(calls.iter().filter(|call| **call == "first").count(), 2);
        assert!(
            calls.contains(&"guess after the deadline".to_owned()),
            "{calls:?}"
        );
        assert_eq!(began.elapsed(), Duration::from_secs(11));
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_split_led_to_is_undone() {
        let desk = Desk::new().rejecting("sell");
        assert!(matches!(run(&desk).await, Ok(QuoteEnd::Gone(_))));
        assert_eq!(desk.calls(), ["first", "price", "forget"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_split_that_is_cancelled_is_not_caught() {
        let mut desk = Desk::new();
        for handler in ["first", "second"] {
            desk = desk.then(handler, Act::CancelAndFail(Oops::Down));
        }
        let token = desk.token.clone();
        let outcome = Quote::start(Asked).run(&desk).cancelled_by(token).await;
        let error = outcome.expect_err("it was cancelled");
        let Cause::Cancelled {
            last: None,
            join: Some(join),
        } = error.cause()
        else {
            panic!("{error:?}")
        };
        assert_eq!(
            (join.failures.len(), error.cause().error()),
            (1, Some(&Oops::Down))
        );
        // The second had not begun.
        assert_eq!(desk.calls(), ["first"]);
    }
}

mod copies {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};

    static PANICS: AtomicBool = AtomicBool::new(false);

    pub(super) struct Fragile;

    impl Clone for Fragile {
        fn clone(&self) -> Self {
            assert!(!PANICS.swap(false, Ordering::Relaxed), "it broke");
            Fragile
        }
    }

    workflow! {
        #[derive(Clone)]
        workflow Copy {
            start Asked { fragile: Fragile };
            done Replied { attempts: u32 };
            split copy as Copying: Asked -> Replied with retry(2, every 1ms) {
                branch one: ();
                branch two: ();
                join all;
            }
        }
    }

    impl CopySteps for Desk {
        type Error = ();

        async fn one(&self, _: &Asked, _: &Branch<Copying>) -> Result<(), ()> {
            Ok(())
        }

        async fn two(&self, _: &Asked, _: &Branch<Copying>) -> Result<(), ()> {
            Ok(())
        }

        async fn copy(
            &self,
            Asked { fragile: Fragile }: Asked,
            _: CopyingJoined,
            step: &Step<Copying>,
        ) -> Result<Copying, ()> {
            let attempts = step.attempt();
            Ok(step.to(Replied { attempts }))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_state_that_panics_when_it_is_copied_is_a_failure_of_that_attempt() {
        PANICS.store(true, Ordering::Relaxed);
        let asked = Asked { fragile: Fragile };
        let end = Copy::start(asked).run(&Desk::new()).await;
        let CopyEnd::Replied(answered) = end.unwrap_or_else(|error| panic!("{error:?}"));
        assert_eq!(answered.attempts, 2);
    }
}
