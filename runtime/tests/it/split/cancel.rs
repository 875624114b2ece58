//! A split whose run is stopped while its branches are under way: by cancellation, by termination, or by dropping it. Its
//! deadline is in `split_deadline.rs`.

use std::sync::Mutex;
use std::time::Duration;

use stateway::prelude::*;
use tokio::time::{Instant, sleep};

workflow! {
    #[derive(Debug, Clone)]
    workflow Trip {
        start Asked;
        state Quoted;
        state Listed { stops: Vec<u32> };
        done Booked;
        split quote: Asked -> Quoted with undo(forget) {
            branch flight: u32 with retry(5, every 100ms);
            branch hotel: u32;
            join all;
        }
        step list: Quoted -> Listed;
        split book: Listed -> Booked {
            each stop in stops: u32 => u32, at most 1;
            join settled;
        }
    }
}

#[derive(Default)]
struct Agency {
    flight_fails: bool,
    hotel_fails: bool,
    hotel_hangs: bool,
    stops: u32,
    log: Mutex<Vec<String>>,
}

struct Gone<'a>(&'a Agency, &'static str);

impl Drop for Gone<'_> {
    fn drop(&mut self) {
        self.0.note(&format!("{} gone", self.1));
    }
}

impl Agency {
    fn note(&self, what: &str) {
        let mut log = self.log.lock().expect("nobody holds it");
        log.push(what.to_owned());
    }

    fn log(&self) -> Vec<String> {
        self.log.lock().expect("nobody holds it").clone()
    }
}

impl TripSteps for Agency {
    type Error = &'static str;

    async fn flight(&self, _: &Asked, _: &Branch<Quote>) -> Result<u32, Self::Error> {
        self.note("flight");
        if self.flight_fails {
            return Err("no seat");
        }
        Ok(1)
    }

    async fn hotel(&self, _: &Asked, branch: &Branch<Quote>) -> Result<u32, Self::Error> {
        let _gone = Gone(self, "hotel");
        if self.hotel_hangs {
            sleep(Duration::from_secs(10)).await;
        }
        sleep(Duration::from_millis(20)).await;
        // The token of the run, wherever it is asked for.
        self.note(if branch.cancellation().is_cancelled() {
            "hotel was told"
        } else {
            "hotel"
        });
        if self.hotel_fails {
            return Err("full");
        }
        Ok(1)
    }

    async fn quote(
        &self,
        _: Asked,
        _: QuoteJoined,
        step: &Step<Quote>,
    ) -> Result<Quote, Self::Error> {
        self.note("quote");
        Ok(step.to(Quoted))
    }

    async fn forget(&self, _: Quoted, _: &Undo<Quote>) -> Result<(), Self::Error> {
        self.note("forget");
        Ok(())
    }

    async fn list(&self, _: Quoted, step: &Step<List>) -> Result<List, Self::Error> {
        Ok(step.to(Listed {
            stops: (0..self.stops).collect(),
        }))
    }

    async fn stop(&self, _: &Listed, stop: &u32, _: &Branch<Book>) -> Result<u32, Self::Error> {
        sleep(Duration::from_millis(10)).await;
        self.note(&format!("stop {stop}"));
        Ok(*stop)
    }

    async fn book(
        &self,
        _: Listed,
        _: BookJoined<Self::Error>,
        step: &Step<Book>,
    ) -> Result<Book, Self::Error> {
        self.note("book");
        Ok(step.to(Booked))
    }
}

type Outcome = Result<TripEnd, RunError<&'static str>>;

/// Runs with a token that fires after `n` milliseconds; gives how long it took as well.
async fn cancelled_after(agency: &Agency, milliseconds: u64) -> (Outcome, u128) {
    let token = CancellationToken::new();
    let began = Instant::now();
    let run = Trip::start(Asked).run(agency).cancelled_by(token.clone());
    let cancel = async {
        sleep(Duration::from_millis(milliseconds)).await;
        token.cancel();
    };
    let (outcome, ()) = tokio::join!(run, cancel);
    (outcome, began.elapsed().as_millis())
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_interrupts_no_handler_and_what_was_joined_is_undone() {
    let agency = Agency::default();
    let (outcome, took) = cancelled_after(&agency, 10).await;
    assert_eq!(
        agency.log(),
        ["flight", "hotel was told", "hotel gone", "quote", "forget"]
    );
    let error = outcome.expect_err("it was cancelled");
    assert_eq!(
        error.cause(),
        &Cause::Cancelled {
            last: None,
            join: None
        }
    );
    assert_eq!((error.state(), error.transition()), ("Quoted", None));
    assert_eq!(took, 20);
}

#[tokio::test(start_paused = true)]
async fn a_branch_between_two_attempts_stops_at_once_and_its_siblings_return() {
    let agency = Agency {
        flight_fails: true,
        ..Agency::default()
    };
    let (outcome, took) = cancelled_after(&agency, 10).await;
    assert_eq!(agency.log(), ["flight", "hotel was told", "hotel gone"]);
    let error = outcome.expect_err("it was cancelled");
    assert_eq!(error.cause().error(), Some(&"no seat"));
    assert_eq!(
        error.to_string(),
        "split `quote` was cancelled in state `Asked` of `Trip`: 1 of 2 branches succeeded where 2 had to; `flight` was \
         cancelled; succeeded: `hotel`; the first error: no seat"
    );
    assert_eq!(
        (error.state(), error.transition()),
        ("Asked", Some("quote"))
    );
    assert_eq!(took, 20);
}

#[tokio::test(start_paused = true)]
async fn a_join_that_fails_in_a_cancelled_run_is_the_last_error() {
    let agency = Agency {
        hotel_fails: true,
        ..Agency::default()
    };
    let (outcome, _) = cancelled_after(&agency, 10).await;
    let error = outcome.expect_err("it was cancelled");
    assert_eq!(
        error.to_string(),
        "split `quote` was cancelled in state `Asked` of `Trip`: 1 of 2 branches succeeded where 2 had to; `hotel` \
         failed; succeeded: `flight`; the first error: full"
    );
    assert_eq!(error.into_cause().error(), Some(&"full"));
}

#[tokio::test(start_paused = true)]
async fn no_item_begins_after_a_cancellation() {
    let agency = Agency {
        stops: 10,
        ..Agency::default()
    };
    let (outcome, took) = cancelled_after(&agency, 35).await;
    assert_eq!(
        agency.log()[4..],
        ["stop 0", "stop 1", "forget"].map(str::to_owned)
    );
    let error = outcome.expect_err("it was cancelled");
    assert_eq!(
        error.to_string(),
        "split `book` was cancelled in state `Listed` of `Trip`: 2 of 10 branches succeeded; succeeded: `stop[0]`, \
         `stop[1]`"
    );
    assert_eq!(took, 40);
}

#[tokio::test(start_paused = true)]
async fn a_termination_drops_every_branch_where_it_waits() {
    let agency = Agency {
        flight_fails: true,
        hotel_hangs: true,
        ..Agency::default()
    };
    let token = CancellationToken::new();
    let run = Trip::start(Asked).run(&agency).terminated_by(token.clone());
    let terminate = async {
        sleep(Duration::from_millis(150)).await;
        token.cancel();
    };
    let (outcome, ()) = tokio::join!(run, terminate);
    assert_eq!(
        outcome.expect_err("it was terminated").cause(),
        &Cause::Terminated
    );
    assert_eq!(agency.log(), ["flight", "flight", "hotel gone"]);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_dropped_drops_its_branches() {
    let agency = Agency {
        hotel_hangs: true,
        ..Agency::default()
    };
    let run = Trip::start(Asked).run(&agency);
    let late = tokio::time::timeout(Duration::from_millis(50), run).await;
    assert!(late.is_err());
    assert_eq!(agency.log(), ["flight", "hotel gone"]);
}

mod within_one_poll {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    workflow! {
        #[derive(Debug)]
        workflow Walk {
            start Begun { steps: Vec<u32> };
            done Over;
            split walk as Walking: Begun -> Over {
                each pace in steps: u32 => (), at most 1;
                join settled;
            }
        }
    }

    #[derive(Default)]
    struct Walker {
        token: CancellationToken,
        paces: AtomicUsize,
    }

    impl WalkSteps for Walker {
        type Error = ();

        async fn pace(&self, _: &Begun, pace: &u32, _: &Branch<Walking>) -> Result<(), ()> {
            self.paces.fetch_add(1, Ordering::Relaxed);
            if *pace == 1 {
                self.token.cancel();
            }
            Ok(())
        }

        async fn walk(
            &self,
            _: Begun,
            _: WalkingJoined<()>,
            step: &Step<Walking>,
        ) -> Result<Walking, ()> {
            Ok(step.to(Over))
        }
    }

    fn begun() -> Begun {
        let steps = (0..1_000).collect();
        Begun { steps }
    }

    #[test]
    fn no_item_begins_after_a_cancellation_by_the_one_before() {
        let walker = Walker::default();
        let run = Walk::start(begun()).run(&walker);
        let outcome = pollster::block_on(run.cancelled_by(walker.token.clone()));
        let cause = outcome.expect_err("it was cancelled").into_cause();
        let Cause::Cancelled {
            last: None,
            join: Some(join),
        } = cause
        else {
            panic!("{cause:?}")
        };
        let names: Vec<_> = join.succeeded.iter().map(ToString::to_string).collect();
        assert_eq!(names, ["pace[0]", "pace[1]"]);
        assert_eq!(walker.paces.into_inner(), 2);
    }

    #[test]
    fn no_item_begins_after_a_termination_by_the_one_before() {
        let walker = Walker::default();
        let run = Walk::start(begun()).run(&walker);
        let outcome = pollster::block_on(run.terminated_by(walker.token.clone()));
        let cause = outcome.expect_err("it was terminated").into_cause();
        assert_eq!(cause, Cause::Terminated);
        assert_eq!(walker.paces.into_inner(), 2);
    }
}

mod begun_at_once {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    workflow! {
        #[derive(Debug)]
        workflow Rush {
            start Begun { steps: Vec<u32> };
            done Over;
            split rush as Rushing: Begun -> Over {
                each pace in steps: u32 => ();
                join settled;
            }
        }
    }

    #[derive(Default)]
    struct Runner {
        token: CancellationToken,
        paces: AtomicUsize,
    }

    impl RushSteps for Runner {
        type Error = ();

        async fn pace(&self, _: &Begun, _: &u32, _: &Branch<Rushing>) -> Result<(), ()> {
            self.paces.fetch_add(1, Ordering::Relaxed);
            self.token.cancel();
            Ok(())
        }

        async fn rush(
            &self,
            _: Begun,
            _: RushingJoined<()>,
            step: &Step<Rushing>,
        ) -> Result<Rushing, ()> {
            Ok(step.to(Over))
        }
    }

    #[test]
    fn an_item_that_has_a_seat_and_was_not_called_is_not_called_after_a_stop() {
        for is_terminated in [false, true] {
            let runner = Runner::default();
            let steps = (0..100).collect();
            let run = Rush::start(Begun { steps }).run(&runner);
            let token = runner.token.clone();
            let outcome = pollster::block_on(if is_terminated {
                run.terminated_by(token)
            } else {
                run.cancelled_by(token)
            });
            assert!(outcome.is_err());
            assert_eq!(runner.paces.into_inner(), 1);
        }
    }
}
