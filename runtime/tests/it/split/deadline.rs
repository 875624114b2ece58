//! A split whose run is out of time while its branches are under way.

use std::sync::Arc;
use std::time::Duration;

use stateway::Scope;
use stateway::prelude::*;
use tokio::time::{Instant, sleep};

workflow! {
    #[derive(Debug, Clone)]
    workflow Trip {
        deadline 1s;
        start Asked;
        start Listed { stops: Vec<u32> };
        state Quoted;
        done Booked;
        split quote: Asked -> Quoted with undo(forget), retry(3) {
            branch flight: u32;
            branch hotel: u32 with retry(2, every 100ms);
            branch visa: u32;
            join all;
        }
        step pay: Quoted -> Booked;
        split book: Listed -> Booked {
            each stop in stops: u32 => u32, at most 2;
            join settled;
        }
    }
}

/// The flight is quoted at once, the hotel never, and the visa is refused once.
struct Agency;

impl TripSteps for Agency {
    type Error = &'static str;

    async fn flight(&self, _: &Asked, _: &Branch<Quote>) -> Result<u32, Self::Error> {
        Ok(1)
    }

    async fn hotel(&self, _: &Asked, branch: &Branch<Quote>) -> Result<u32, Self::Error> {
        if branch.attempt() == 1 {
            return Err("full");
        }
        std::future::pending().await
    }

    async fn visa(&self, _: &Asked, _: &Branch<Quote>) -> Result<u32, Self::Error> {
        std::future::pending().await
    }

    async fn quote(&self, _: Asked, _: QuoteJoined, _: &Step<Quote>) -> Result<Quote, Self::Error> {
        unreachable!("it is not joined")
    }

    async fn forget(&self, _: Quoted, _: &Undo<Quote>) -> Result<(), Self::Error> {
        unreachable!("it has led nowhere")
    }

    async fn pay(&self, _: Quoted, _: &Step<Pay>) -> Result<Pay, Self::Error> {
        unreachable!("nothing is quoted")
    }

    /// Even stops are booked at once, the third is refused, and others never answer.
    async fn stop(&self, _: &Listed, stop: &u32, _: &Branch<Book>) -> Result<u32, Self::Error> {
        match stop {
            3 => Err("closed"),
            stop if stop.is_multiple_of(2) => Ok(*stop),
            _ => std::future::pending().await,
        }
    }

    async fn book(
        &self,
        _: Listed,
        _: BookJoined<Self::Error>,
        _: &Step<Book>,
    ) -> Result<Book, Self::Error> {
        unreachable!("it does not settle in time")
    }
}

fn names<E>(join: &JoinError<E>) -> Vec<String> {
    join.succeeded.iter().map(ToString::to_string).collect()
}

/// The report of a split whose run was out of time after a second.
async fn late<E: std::fmt::Debug + std::fmt::Display, T>(
    run: impl Future<Output = Result<T, RunError<E>>>,
) -> (String, JoinError<E>) {
    let began = Instant::now();
    let Err(error) = run.await else {
        panic!("it is out of time")
    };
    assert_eq!(began.elapsed().as_secs(), 1);
    let text = error.to_string();
    match error.into_cause() {
        Cause::Deadline {
            scope: Scope::Run,
            join: Some(join),
            ..
        } => (text, *join),
        cause => panic!("{cause:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn the_deadline_of_the_workflow_says_what_had_become_of_the_branches() {
    let (text, join) = late(Trip::start(Asked).run(&Agency)).await;
    assert_eq!(
        text,
        "split `quote` ran out of time in state `Asked` of `Trip`: the run may take 1s; 1 of 3 branches succeeded where 3 \
         had to; `hotel` ran out of time after 2 attempts: the run may take 1s; succeeded: `flight`; the first \
         error: full"
    );
    assert_eq!((join.branches, join.failures.len()), (3, 1));
    assert_eq!(join.error(), Some(&"full"));
}

#[tokio::test(start_paused = true)]
async fn items_that_had_ended_are_named_with_what_they_failed_with() {
    let stops = vec![0, 3, 2, 1, 5, 4];
    let run = Trip::start(Listed { stops }).run(&Agency);
    let (_, join) = late(run).await;
    assert_eq!(names(&join), ["stop[0]", "stop[2]"]);
    let failed: Vec<_> = join.failures.iter().collect();
    assert_eq!(failed[0].name().to_string(), "stop[1]");
    assert_eq!((failed.len(), join.error()), (1, Some(&"closed")));
}

#[tokio::test(start_paused = true)]
async fn a_deadline_before_any_branch_has_ended_says_nothing_of_them() {
    let stops = vec![1, 5];
    let error = Trip::start(Listed { stops }).run(&Agency).await;
    let cause = Cause::Deadline {
        limit: Duration::from_secs(1),
        scope: Scope::Run,
        last: None,
        join: None,
    };
    assert_eq!(error.expect_err("it is late").cause(), &cause);
}

mod spawned {
    use super::*;

    workflow! {
        #[derive(Debug, Clone)]
        workflow Render {
            deadline 1s;
            start Asked;
            done Shown;
            split render as Rendering: Asked -> Shown {
                branch quick: u32 with spawn;
                branch slow: u32 with spawn;
                join all;
            }
        }
    }

    struct Studio;

    impl RenderSteps for Studio {
        type Error = &'static str;

        async fn quick(&self, _: &Asked, _: &Branch<Rendering>) -> Result<u32, Self::Error> {
            Ok(1)
        }

        async fn slow(&self, _: &Asked, _: &Branch<Rendering>) -> Result<u32, Self::Error> {
            std::future::pending().await
        }

        async fn render(
            &self,
            _: Asked,
            _: RenderingJoined,
            _: &Step<Rendering>,
        ) -> Result<Rendering, Self::Error> {
            unreachable!("it is not joined")
        }
    }

    #[tokio::test(start_paused = true)]
    async fn tasks_that_had_ended_are_named_though_others_are_waited_for() {
        let (_, join) = late(Render::start(Asked).run(&Arc::new(Studio))).await;
        assert_eq!(names(&join), ["quick"]);
    }
}

mod settled {
    use super::*;

    workflow! {
        #[derive(Debug)]
        workflow Wait {
            deadline 1s;
            start Begun;
            done Over;
            split wait as Waiting: Begun -> Over {
                branch endless: () with retry(3);
                branch quick: ();
                join settled(min 1);
            }
        }
    }

    struct Waiter;

    impl WaitSteps for Waiter {
        type Error = String;

        async fn endless(&self, _: &Begun, _: &Branch<Waiting>) -> Result<(), String> {
            std::future::pending().await
        }

        async fn quick(&self, _: &Begun, _: &Branch<Waiting>) -> Result<(), String> {
            Ok(())
        }

        async fn wait(
            &self,
            _: Begun,
            _: WaitingJoined<String>,
            _: &Step<Waiting>,
        ) -> Result<Waiting, String> {
            unreachable!("the time of the run is up")
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_deadline_of_the_run_is_no_end_of_a_branch_that_settles_anything() {
        let (_, join) = late(Wait::start(Begun).run(&Waiter)).await;
        assert_eq!(names(&join), ["quick"]);
        assert!(join.failures.len() <= 1);
    }
}

/// The next call of a branch would come after the deadline of the run.
mod hopeless {
    use super::*;

    workflow! {
        #[derive(Debug)]
        workflow Wait {
            deadline 10s;
            start Begun;
            done Over { failed: usize };
            split wait as Waiting: Begun -> Over {
                branch hopeless: () with retry(2, every 20s);
                branch slow: ();
                join settled(min 1);
            }
        }
    }

    struct Waiter;

    impl WaitSteps for Waiter {
        type Error = &'static str;

        async fn hopeless(&self, _: &Begun, _: &Branch<Waiting>) -> Result<(), Self::Error> {
            Err("away")
        }

        async fn slow(&self, _: &Begun, _: &Branch<Waiting>) -> Result<(), Self::Error> {
            sleep(Duration::from_secs(1)).await;
            Ok(())
        }

        async fn wait(
            &self,
            _: Begun,
            joined: WaitingJoined<Self::Error>,
            step: &Step<Waiting>,
        ) -> Result<Waiting, Self::Error> {
            let failure = joined.hopeless.failure().expect("it is away");
            assert_eq!(failure.cause().error(), Some(&"away"));
            let failed = usize::from(!joined.slow.is_done()) + 1;
            Ok(step.to(Over { failed }))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_branch_whose_next_call_would_be_too_late_for_the_run_has_failed_and_stops_nothing() {
        let began = Instant::now();
        let WaitEnd::Over(over) = Wait::start(Begun).run(&Waiter).await.expect("it ends");
        assert_eq!(over.failed, 1);
        assert_eq!(began.elapsed(), Duration::from_secs(1));
    }
}
