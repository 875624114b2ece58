//! Clauses of a split and of its branches: what is tried again, dropped, caught and undone.

mod support;

use std::error::Error as _;
use std::time::Duration;

use stateway::prelude::*;
use stateway::{BreakerState, Scope};
use support::{Act, Desk, Oops};
use tokio::time::Instant;

mod branches {
    use super::*;

    workflow! {
        #[derive(Debug)]
        pub(crate) workflow Check {
            start Asked;
            done Answered { attempts: u32 };
            split check as Checking: Asked -> Answered {
                branch credit: u32 with retry(3, every 1s), timeout(10s);
                branch fraud: u32 with deadline(5s), retry(9, every 2s);
                branch age: u32;
                join all;
            }
        }
    }

    impl CheckSteps for Desk {
        type Error = Oops;

        async fn credit(&self, _: &Asked, branch: &Branch<Checking>) -> Result<u32, Oops> {
            self.act("credit").await?;
            Ok(branch.attempt())
        }

        async fn fraud(&self, _: &Asked, branch: &Branch<Checking>) -> Result<u32, Oops> {
            self.act("fraud").await?;
            Ok(branch.attempt())
        }

        async fn age(&self, _: &Asked, branch: &Branch<Checking>) -> Result<u32, Oops> {
            self.act("age").await?;
            Ok(branch.attempt())
        }

        async fn check(
            &self,
            _: Asked,
            joined: CheckingJoined,
            step: &Step<Checking>,
        ) -> Result<Checking, Oops> {
            self.act("check").await?;
            let attempts = joined.credit * 100 + joined.fraud * 10 + joined.age;
            Ok(step.to(Answered { attempts }))
        }

        fn retryable(&self, error: &Oops) -> bool {
            *error != Oops::Final
        }
    }

    async fn run(desk: &Desk) -> Result<u32, RunError<Oops>> {
        let end = Check::start(Asked).run(desk).await;
        end.map(|CheckEnd::Answered(answered)| answered.attempts)
    }

    /// The one failure of a join that needs all.
    fn failure(error: &RunError<Oops>) -> &BranchError<Oops> {
        match error.cause() {
            Cause::Join(join) => match &join.failures[..] {
                [failure] => failure,
                failures => panic!("{failures:?}"),
            },
            cause => panic!("{cause:?}"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_branch_is_tried_again_by_itself() {
        let desk = Desk::new()
            .then("credit", Act::Fail(Oops::Down))
            .then("credit", Act::Panic)
            .then("fraud", Act::Fail(Oops::Down));
        let began = Instant::now();
        assert_eq!(run(&desk).await.expect("it ends"), 321);
        assert_eq!(began.elapsed(), Duration::from_secs(2));
        let mut calls = desk.calls();
        calls.sort();
        assert_eq!(
            calls,
            [
                "age", "check", "credit", "credit", "credit", "fraud", "fraud"
            ]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_attempt_of_a_branch_is_its_failure() {
        let desk = Desk::new()
            .then("credit", Act::Fail(Oops::Down))
            .then("credit", Act::Fail(Oops::Down))
            .then("credit", Act::Panic);
        let error = run(&desk).await.expect_err("credit is down");
        let failure = failure(&error);
        assert_eq!(failure.cause(), &Cause::Panic("no parcel".into()));
        assert_eq!((failure.branch(), failure.attempts()), ("credit", 3));
        assert_eq!(error.attempts(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn an_error_that_is_not_retryable_burns_no_attempts_of_a_branch() {
        let desk = Desk::new().then("credit", Act::Fail(Oops::Final));
        let began = Instant::now();
        let error = run(&desk).await.expect_err("credit says no");
        assert_eq!(failure(&error).cause(), &Cause::Handler(Oops::Final));
        assert_eq!(failure(&error).attempts(), 1);
        assert_eq!(began.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_branch_that_hangs_is_dropped_and_tried_again() {
        let desk = Desk::new().then("credit", Act::Hang);
        let began = Instant::now();
        assert_eq!(run(&desk).await.expect("it ends"), 211);
        assert_eq!(began.elapsed(), Duration::from_secs(11));
        assert!(desk.calls().contains(&"credit dropped".to_owned()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_deadline_of_a_branch_counts_its_delays() {
        let mut desk = Desk::new();
        for _ in 0..9 {
            desk = desk.then("fraud", Act::Fail(Oops::Down));
        }
        let began = Instant::now();
        let error = run(&desk).await.expect_err("fraud is down");
        let cause = Cause::Deadline {
            limit: Duration::from_secs(5),
            scope: Scope::Transition,
            last: Some(Oops::Down),
        };
        assert_eq!(failure(&error).cause(), &cause);
        assert_eq!(failure(&error).attempts(), 3);
        assert_eq!(began.elapsed(), Duration::from_secs(4));
    }

    #[tokio::test(start_paused = true)]
    async fn the_error_of_a_branch_is_told_from_the_outside_in() {
        let desk = Desk::new().then("age", Act::Fail(Oops::Final));
        let error = run(&desk).await.expect_err("too young");
        assert_eq!(
            error.to_string(),
            "split `check` failed in state `Asked` of `Check`: 2 of 3 branches succeeded where 3 had \
             to; failed: `age`; succeeded: `credit`, `fraud`"
        );
        let source = error.source().expect("a branch failed");
        assert_eq!(source.to_string(), "branch `age` failed");
        let source = source.source().expect("its handler gave an error");
        assert_eq!(source.to_string(), "the request is wrong");
        assert_eq!(error.cause().error(), Some(&Oops::Final));
    }

    #[tokio::test(start_paused = true)]
    async fn an_error_of_the_handler_that_joins_is_its_own() {
        let desk = Desk::new().then("check", Act::Fail(Oops::Down));
        let error = run(&desk).await.expect_err("the join fails");
        assert_eq!(error.cause(), &Cause::Handler(Oops::Down));
        assert_eq!(error.transition(), Some("check"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_of_the_handler_that_joins_ends_the_run() {
        let desk = Desk::new().then("check", Act::Panic);
        let error = run(&desk).await.expect_err("the join panics");
        assert_eq!(error.cause(), &Cause::Panic("no parcel".into()));
    }
}

mod gates {
    use super::*;

    workflow! {
        #[derive(Debug)]
        workflow Call {
            start Asked;
            done Answered;
            split call as Calling: Asked -> Answered {
                branch bank: u32 with breaker(line);
                branch again: u32 with breaker(line);
                branch slow: u32 with limit(quota);
                branch slower: u32 with limit(quota);
                join settled;
            }
        }
    }

    struct Office {
        desk: Desk,
        line: Breaker,
        quota: Limiter,
    }

    impl CallSteps for Office {
        type Error = Oops;

        async fn bank(&self, _: &Asked, _: &Branch<Calling>) -> Result<u32, Oops> {
            self.desk.act("bank").await.map(|()| 1)
        }

        async fn again(&self, _: &Asked, _: &Branch<Calling>) -> Result<u32, Oops> {
            self.desk.act("again").await.map(|()| 1)
        }

        async fn slow(&self, _: &Asked, _: &Branch<Calling>) -> Result<u32, Oops> {
            self.desk.act("slow").await.map(|()| 1)
        }

        async fn slower(&self, _: &Asked, _: &Branch<Calling>) -> Result<u32, Oops> {
            self.desk.act("slower").await.map(|()| 1)
        }

        async fn call(
            &self,
            _: Asked,
            joined: CallingJoined<Oops>,
            step: &Step<Calling>,
        ) -> Result<Calling, Oops> {
            assert!(joined.slow.is_done() && joined.slower.is_done());
            let refused = joined.again.failure().expect("the breaker is open");
            assert!(matches!(refused.cause(), Cause::BreakerOpen { .. }));
            // A refusal is no call.
            assert_eq!(refused.attempts(), 0);
            Ok(step.to(Answered))
        }

        fn line(&self) -> &Breaker {
            &self.line
        }

        fn quota(&self) -> &Limiter {
            &self.quota
        }
    }

    #[tokio::test(start_paused = true)]
    async fn branches_share_breakers_and_limiters() {
        let office = Office {
            desk: Desk::new().then("bank", Act::Fail(Oops::Down)),
            line: Breaker::new("line").failures(1),
            quota: Limiter::per(Duration::from_secs(3), 1),
        };
        let began = Instant::now();
        let end = Call::start(Asked).run(&office).await;
        assert!(end.is_ok(), "{end:?}");
        assert!(matches!(office.line.state(), BreakerState::Open { .. }));
        // The second of the two that are limited waits for its place.
        assert_eq!(began.elapsed(), Duration::from_secs(3));
    }
}

mod whole {
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
    async fn a_deadline_of_a_split_is_not_caught() {
        let mut desk = Desk::new();
        for _ in 0..3 {
            desk = desk.then("first", Act::Hang).then("second", Act::Hang);
        }
        let began = Instant::now();
        let error = run(&desk).await.expect_err("it is late");
        let cause = Cause::Deadline {
            limit: Duration::from_secs(12),
            scope: Scope::Transition,
            last: None,
        };
        assert_eq!(error.cause(), &cause);
        // The third attempt would begin when the time is up.
        assert_eq!(error.attempts(), 2);
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
        let last = Some(Oops::Down);
        assert_eq!(
            outcome.expect_err("it was cancelled").cause(),
            &Cause::Cancelled { last }
        );
        assert_eq!(desk.calls(), ["first", "second"]);
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
            done Answered { attempts: u32 };
            split copy as Copying: Asked -> Answered with retry(2, every 1ms) {
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
            Ok(step.to(Answered { attempts }))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_state_that_panics_when_it_is_copied_is_a_failure_of_that_attempt() {
        PANICS.store(true, Ordering::Relaxed);
        let asked = Asked { fragile: Fragile };
        let end = Copy::start(asked).run(&Desk::new()).await;
        let CopyEnd::Answered(answered) = end.unwrap_or_else(|error| panic!("{error:?}"));
        assert_eq!(answered.attempts, 2);
    }
}

mod one_too_many {
    use super::*;

    workflow! {
        workflow Ask {
            start Asked;
            done Answered;
            split ask as Asking: Asked -> Answered {
                branch fast: ();
                branch slow: () with breaker(line);
                branch slower: () with breaker(line), retry(2, every 1ms);
                join any;
            }
        }
    }

    struct Office {
        line: Breaker,
    }

    impl AskSteps for Office {
        type Error = ();

        async fn fast(&self, _: &Asked, _: &Branch<Asking>) -> Result<(), ()> {
            tokio::time::sleep(Duration::from_millis(10)).await;
            Ok(())
        }

        async fn slow(&self, _: &Asked, _: &Branch<Asking>) -> Result<(), ()> {
            tokio::time::sleep(Duration::from_millis(50)).await;
            Ok(())
        }

        async fn slower(&self, _: &Asked, branch: &Branch<Asking>) -> Result<(), ()> {
            if branch.attempt() == 1 {
                return Err(());
            }
            tokio::time::sleep(Duration::from_millis(90)).await;
            Ok(())
        }

        async fn ask(&self, _: Asked, _: AskingJoined, step: &Step<Asking>) -> Result<Asking, ()> {
            Ok(step.to(Answered))
        }

        fn line(&self) -> &Breaker {
            &self.line
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_branch_that_is_not_needed_any_more_is_no_failure_to_its_breaker() {
        // One call of `slower` fails in each run; none of those that are dropped counts.
        let office = Office {
            line: Breaker::new("line").failures(6),
        };
        for _ in 0..5 {
            assert!(Ask::start(Asked).run(&office).await.is_ok());
        }
        assert_eq!(office.line.state(), BreakerState::Closed);
        assert!(Ask::start(Asked).run(&office).await.is_ok());
        assert!(matches!(office.line.state(), BreakerState::Open { .. }));
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_is_not_needed_any_more_makes_room_for_another() {
        let office = Office {
            line: Breaker::new("line")
                .failures(1)
                .cool_down(Duration::from_secs(1)),
        };
        assert!(Ask::start(Asked).run(&office).await.is_ok());
        tokio::time::sleep(Duration::from_secs(2)).await;
        let permit = office.line.acquire().expect("it probes");
        permit.abandon();
        assert!(office.line.acquire().is_ok());
    }
}
