//! No branch waits for a sibling that is always ready, and no clock stands still for one.
//!
//! A task may use the resources of tokio to a limit before it lets others run. A handler that
//! never waits uses it up at every poll, and nothing that comes after it in the same task would go on.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use stateway::prelude::*;
use tokio::task::coop::consume_budget;
use tokio::time::{Instant, advance};

#[derive(Default)]
struct Mill {
    turns: AtomicU64,
}

/// No handler grinds for longer: what it starves would never come to its end.
const TOO_MANY: u64 = 1_000_000;

impl Mill {
    /// Is ready again and again.
    async fn grind<T>(&self) -> Result<T, ()> {
        while self.turns.fetch_add(1, Ordering::Relaxed) < TOO_MANY {
            consume_budget().await;
        }
        Err(())
    }

    /// Takes `n` turns, waiting for nothing else.
    async fn count(&self, turns: u32) {
        for _ in 0..turns {
            consume_budget().await;
        }
    }

    fn has_starved_others(&self) -> bool {
        self.turns.load(Ordering::Relaxed) >= TOO_MANY
    }
}

mod named {
    use super::*;

    workflow! {
        workflow Sift {
            start Heaped;
            done Sifted;
            split sift as Sift_: Heaped -> Sifted {
                branch busy: ();
                branch first: ();
                branch second: ();
                join quorum(2);
            }
        }
    }

    impl SiftSteps for Mill {
        type Error = ();

        async fn busy(&self, _: &Heaped, _: &Branch<Sift_>) -> Result<(), ()> {
            self.grind().await
        }

        async fn first(&self, _: &Heaped, _: &Branch<Sift_>) -> Result<(), ()> {
            self.count(1_000).await;
            Ok(())
        }

        async fn second(&self, _: &Heaped, _: &Branch<Sift_>) -> Result<(), ()> {
            self.count(1_000).await;
            Ok(())
        }

        async fn sift(
            &self,
            _: Heaped,
            _: Sift_Joined<()>,
            step: &Step<Sift_>,
        ) -> Result<Sift_, ()> {
            Ok(step.to(Sifted))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn branches_beside_one_that_is_always_ready_come_to_their_end() {
        let mill = Mill::default();
        let end = Sift::start(Heaped).run(&mill).await;
        assert!(end.is_ok() && !mill.has_starved_others());
    }
}

mod each {
    use super::*;

    workflow! {
        workflow Sift {
            start Heaped { sacks: Vec<u32> };
            done Sifted;
            split sift as Sift_: Heaped -> Sifted {
                each sack in sacks: u32 => ();
                join quorum(2);
            }
        }
    }

    impl SiftSteps for Mill {
        type Error = ();

        async fn sack(&self, _: &Heaped, turns: &u32, _: &Branch<Sift_>) -> Result<(), ()> {
            if *turns == 0 {
                return self.grind().await;
            }
            self.count(*turns).await;
            Ok(())
        }

        async fn sift(
            &self,
            _: Heaped,
            _: Sift_Joined<()>,
            step: &Step<Sift_>,
        ) -> Result<Sift_, ()> {
            Ok(step.to(Sifted))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn items_beside_one_that_is_always_ready_come_to_their_end() {
        let sacks = vec![0, 1_000, 1_000];
        let mill = Mill::default();
        let end = Sift::start(Heaped { sacks }).run(&mill).await;
        assert!(end.is_ok() && !mill.has_starved_others());
    }
}

mod clocks {
    use super::*;

    workflow! {
        #[derive(Clone)]
        workflow Grind {
            start Whole;
            state Ground;
            done Fine;
            failed Coarse;
            split grind as Grind_: Whole -> Ground {
                branch busy: ();
                branch too: ();
                join settled within 20ms;
            }
            step polish: Ground -> Fine | Coarse with retry(2, every 1ms), timeout(30ms);
        }
    }

    impl GrindSteps for Mill {
        type Error = ();

        async fn busy(&self, _: &Whole, _: &Branch<Grind_>) -> Result<(), ()> {
            self.grind().await
        }

        async fn too(&self, _: &Whole, _: &Branch<Grind_>) -> Result<(), ()> {
            self.grind().await
        }

        async fn grind(
            &self,
            _: Whole,
            _: Grind_Joined<()>,
            step: &Step<Grind_>,
        ) -> Result<Grind_, ()> {
            Ok(step.to(Ground))
        }

        async fn polish(&self, _: Ground, _: &Step<Polish>) -> Result<Polish, ()> {
            self.grind().await
        }
    }

    /// Moves the paused clock, which stands still while a task is always ready.
    async fn pass_time() {
        loop {
            advance(Duration::from_millis(1)).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_handler_that_is_always_ready_stops_no_clock() {
        let mill = Mill::default();
        let began = Instant::now();
        let time = tokio::spawn(pass_time());
        let error = Grind::start(Whole).run(&mill).await;
        time.abort();
        assert!(!mill.has_starved_others());
        let error = error.err().expect("it takes too long");
        assert!(matches!(error.cause(), Cause::Timeout { .. }), "{error:?}");
        assert_eq!((error.state(), error.attempts()), ("Ground", 2));
        assert!(began.elapsed() >= Duration::from_millis(80));
    }
}

mod computing {
    use super::*;

    workflow! {
        workflow Press {
            start Raw;
            done Pressed { called: bool };
            split press as Pressing: Raw -> Pressed {
                branch slow: ();
                branch next: ();
                join settled within 5ms;
            }
        }
    }

    impl PressSteps for Mill {
        type Error = ();

        async fn slow(&self, _: &Raw, _: &Branch<Pressing>) -> Result<(), ()> {
            // Holds the thread: a clock that is paused would not see it.
            std::thread::sleep(Duration::from_millis(20));
            std::future::pending().await
        }

        async fn next(&self, _: &Raw, _: &Branch<Pressing>) -> Result<(), ()> {
            self.turns.fetch_add(1, Ordering::Relaxed);
            Ok(())
        }

        async fn press(
            &self,
            _: Raw,
            _: PressingJoined<()>,
            step: &Step<Pressing>,
        ) -> Result<Pressing, ()> {
            let called = self.turns.load(Ordering::Relaxed) > 0;
            Ok(step.to(Pressed { called }))
        }
    }

    #[tokio::test]
    async fn a_branch_is_not_called_when_a_sibling_has_used_up_the_time() {
        let end = Press::start(Raw).run(&Mill::default()).await;
        let PressEnd::Pressed(pressed) = end.expect("it ends");
        assert!(!pressed.called);
    }
}
