//! Breakers and limiters before the branches of a split.

use std::time::Duration;

use stateway::BreakerState;
use stateway::prelude::*;
use tokio::time::Instant;

use crate::support::desk::{Act, Desk, Oops};

mod calls {
    use super::*;

    workflow! {
        #[derive(Debug)]
        workflow Call {
            start Asked;
            done Replied;
            split call as Calling: Asked -> Replied {
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
            Ok(step.to(Replied))
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

mod one_too_many {
    use super::*;

    workflow! {
        workflow Ask {
            start Asked;
            done Replied;
            split ask as Asking: Asked -> Replied {
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
            Ok(step.to(Replied))
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
