//! Clauses of the branches of a split: what is tried again, dropped and told.

use std::time::Duration;

use stateway::Scope;
use stateway::prelude::*;
use tokio::time::Instant;

use crate::support::desk::{Act, Desk, Oops};

mod branches {
    use super::*;

    workflow! {
        #[derive(Debug)]
        pub(crate) workflow Check {
            start Asked;
            done Replied { attempts: u32 };
            split check as Checking: Asked -> Replied {
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
            Ok(step.to(Replied { attempts }))
        }

        fn retryable(&self, error: &Oops) -> bool {
            *error != Oops::Final
        }
    }

    async fn run(desk: &Desk) -> Result<u32, RunError<Oops>> {
        let end = Check::start(Asked).run(desk).await;
        end.map(|CheckEnd::Replied(answered)| answered.attempts)
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
            join: None,
        };
        assert_eq!(failure(&error).cause(), &cause);
        assert_eq!(failure(&error).attempts(), 3);
        assert_eq!(began.elapsed(), Duration::from_secs(4));
    }

    #[tokio::test(start_paused = true)]
    async fn the_error_of_a_branch_is_told_behind_what_the_branches_did() {
        let desk = Desk::new().then("age", Act::Fail(Oops::Final));
        let error = run(&desk).await.expect_err("too young");
        assert_eq!(
            error.to_string(),
            "split `check` failed in state `Asked` of `Check`: 2 of 3 branches succeeded where 3 had \
             to; `age` failed; succeeded: `credit`, `fraud`; the first error: the request is wrong"
        );
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
