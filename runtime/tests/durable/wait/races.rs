//! A signal beside what else may happen to a run: whichever comes first, one of them wins, and who has sent the signal is told.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use stateway::prelude::*;
use stateway::runner::Run;
use stateway::store::{Status, Store};
use stateway::{Clock, NotApplied, SignalError};
use tokio::sync::Semaphore;
use tokio::time::sleep;

use super::claim::stores;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Ticket {
    seat: u32,
}

workflow! {
    #[derive(Debug, Clone, PartialEq)]
    #[durable(version = 1)]
    workflow Seat {
        start Free;
        state Held { seat: u32 };
        done Sold { seat: u32 };
        done Lapsed;

        signal hold(Ticket): Free -> Held with undo(release);
        signal pay: Held -> Sold;
        timer lapse after 10m: Held -> Lapsed;
    }
}

/// Lets a handler go on for each permit.
struct Hall {
    gate: Semaphore,
    released: Semaphore,
}

impl Hall {
    fn open() -> Arc<Self> {
        Hall::with(1_000)
    }

    fn with(permits: usize) -> Arc<Self> {
        Arc::new(Hall {
            gate: Semaphore::new(permits),
            released: Semaphore::new(0),
        })
    }

    async fn pass(&self) {
        self.gate.acquire().await.unwrap().forget();
    }
}

impl SeatSteps for Hall {
    type Error = String;

    async fn hold(&self, _: Free, ticket: Ticket, step: &Step<OnHold>) -> Result<OnHold, String> {
        self.pass().await;
        Ok(step.to(Held { seat: ticket.seat }))
    }

    async fn release(&self, _: Held, _: &Undo<OnHold>) -> Result<(), String> {
        self.released.add_permits(1);
        Ok(())
    }

    async fn pay(&self, held: Held, step: &Step<OnPay>) -> Result<OnPay, String> {
        self.pass().await;
        Ok(step.to(Sold { seat: held.seat }))
    }

    async fn lapse(&self, _: Held, step: &Step<OnLapse>) -> Result<OnLapse, String> {
        self.pass().await;
        Ok(step.to(Lapsed))
    }
}

async fn launch(store: &Arc<dyn Store>, hall: &Arc<Hall>) -> Runner<Seat> {
    let runner = Runner::<Seat>::shared(Arc::clone(hall)).clock(Clock::tokio());
    runner.store(Arc::clone(store)).launch().await.unwrap()
}

/// A seat that is held and that nobody drives, and a handle of a runner that is shut down.
async fn held(store: &Arc<dyn Store>, hall: &Arc<Hall>) -> (Runner<Seat>, Run<Seat>) {
    let runner = launch(store, hall).await;
    let run = runner.start("s-1", (), Free).await.unwrap();
    let sent = run.hold(Ticket { seat: 7 }).await.unwrap();
    assert_eq!(
        sent.applied().await.unwrap(),
        OnHold::Held(Held { seat: 7 })
    );
    runner.shut_down(SECOND).await;
    (runner, run)
}

async fn status(run: &Run<Seat>) -> Status {
    let _ = run.end().await;
    run.info().await.unwrap().status
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_wins_over_a_signal_that_no_handler_has_begun_with() {
    for signal_first in [true, false] {
        for store in stores() {
            let hall = Hall::open();
            let (stopped, run) = held(&store, &hall).await;
            if signal_first {
                run.pay().message_id("m-1").await.unwrap();
                stopped.cancel("s-1").await.unwrap();
            } else {
                stopped.cancel("s-1").await.unwrap();
                run.pay().message_id("m-1").await.unwrap();
            }
            let runner = launch(&store, &hall).await;
            let run = runner.get("s-1").await.unwrap().unwrap();
            assert_eq!(status(&run).await, Status::Cancelled);
            assert_eq!(hall.released.available_permits(), 1);
            let rows = runner.history("s-1").await.unwrap();
            let left: Vec<_> = rows.iter().flat_map(|row| &row.left).collect();
            assert_eq!(left.len(), 1, "{left:?}");
            runner.shut_down(SECOND).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_signal_whose_handler_has_begun_is_applied_before_the_cancellation() {
    for store in stores() {
        let hall = Hall::with(0);
        let runner = launch(&store, &hall).await;
        let run = runner.start("s-1", (), Free).await.unwrap();
        let sent = run.hold(Ticket { seat: 7 }).await.unwrap();
        sleep(SECOND).await;
        runner.cancel("s-1").await.unwrap();
        hall.gate.add_permits(1);
        assert_eq!(
            sent.applied().await.unwrap(),
            OnHold::Held(Held { seat: 7 })
        );
        // And then undone.
        assert_eq!(status(&run).await, Status::Cancelled);
        assert_eq!(hall.released.available_permits(), 1);
        runner.shut_down(SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_termination_wins_over_a_signal_whose_handler_is_under_way() {
    for has_begun in [true, false] {
        for store in stores() {
            let hall = Hall::with(0);
            let runner = launch(&store, &hall).await;
            let run = runner.start("s-1", (), Free).await.unwrap();
            let sent = if has_begun {
                let sent = run.hold(Ticket { seat: 7 }).await.unwrap();
                sleep(SECOND).await;
                runner.terminate("s-1").await.unwrap();
                sent
            } else {
                // A state later.
                let sent = run.hold(Ticket { seat: 7 }).await.unwrap();
                let pays = run.pay().await.unwrap();
                sleep(SECOND).await;
                runner.terminate("s-1").await.unwrap();
                let left = pays.applied().await;
                assert!(matches!(left, Err(NotApplied::Ended { .. })), "{left:?}");
                sent
            };
            let left = sent.applied().await;
            let Err(NotApplied::Ended { status: ended, .. }) = left else {
                panic!("it is terminated: {left:?}")
            };
            assert_eq!(
                (ended, status(&run).await),
                (Status::Terminated, Status::Terminated)
            );
            assert_eq!(hall.released.available_permits(), 0);
            runner.shut_down(SECOND).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_and_a_timer_have_one_winner() {
    for timer_has_begun in [true, false] {
        for store in stores() {
            let hall = Hall::with(1);
            let runner = launch(&store, &hall).await;
            let run = runner.start("s-1", (), Free).await.unwrap();
            let sent = run.hold(Ticket { seat: 7 }).await.unwrap();
            let _ = sent.applied().await.unwrap();
            sleep(if timer_has_begun {
                MINUTE * 11
            } else {
                MINUTE * 9
            })
            .await;
            runner.cancel("s-1").await.unwrap();
            sleep(MINUTE * 2).await;
            hall.gate.add_permits(1);
            // One that reaches a `done` state has ended there.
            let expected = if timer_has_begun {
                Status::Done
            } else {
                Status::Cancelled
            };
            assert_eq!(status(&run).await, expected);
            let undone = usize::from(!timer_has_begun);
            assert_eq!(hall.released.available_permits(), undone);
            runner.shut_down(SECOND).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_signal_that_comes_before_the_end_is_left_and_one_that_comes_after_is_refused() {
    for store in stores() {
        let hall = Hall::with(1);
        let runner = launch(&store, &hall).await;
        let run = runner.start("s-1", (), Free).await.unwrap();
        let sent = run.hold(Ticket { seat: 7 }).await.unwrap();
        let _ = sent.applied().await.unwrap();
        let first = run.pay().await.unwrap();
        sleep(SECOND).await;
        // While the handler of the first is under way.
        let second = run.pay().message_id("m-2").await.unwrap();
        hall.gate.add_permits(1);
        assert_eq!(
            first.applied().await.unwrap(),
            OnPay::Sold(Sold { seat: 7 })
        );
        let left = second.applied().await;
        assert!(
            matches!(
                left,
                Err(NotApplied::Ended {
                    status: Status::Done,
                    ..
                })
            ),
            "{left:?}"
        );
        let refused = run.pay().await.map(|sent| sent.message_id);
        assert!(
            matches!(
                refused,
                Err(SignalError::Ended {
                    status: Status::Done,
                    ..
                })
            ),
            "{refused:?}"
        );
        // The same message again is known, and as it was.
        let again = run.pay().message_id("m-2").await.unwrap();
        assert!(!again.is_new);
        runner.shut_down(SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_signal_and_a_purge_have_one_winner() {
    for store in stores() {
        let hall = Hall::open();
        let runner = launch(&store, &hall).await;
        let run = runner.start("s-1", (), Free).await.unwrap();
        run.hold(Ticket { seat: 7 }).await.unwrap();
        let sent = run.pay().await.unwrap();
        let _ = run.end().await.unwrap();
        assert_eq!(sent.applied().await.unwrap(), OnPay::Sold(Sold { seat: 7 }));
        sleep(SECOND * 2).await;
        assert_eq!(runner.purge(SECOND).await.unwrap(), 1);
        let refused = run.pay().await.map(|sent| sent.message_id);
        assert!(
            matches!(refused, Err(SignalError::NotFound { .. })),
            "{refused:?}"
        );
        let gone = sent.applied().await;
        assert!(matches!(gone, Err(NotApplied::NotFound { .. })), "{gone:?}");
        runner.shut_down(SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn in_memory_a_signal_and_a_cancellation_have_one_winner() {
    for has_begun in [true, false] {
        let hall = Hall::with(0);
        let token = CancellationToken::new();
        let mut run = Seat::start(Free).run(&*hall).cancelled_by(token.clone());
        let remote = run.remote();
        let acts = async {
            if has_begun {
                remote.hold(Ticket { seat: 7 }).await.unwrap();
                sleep(SECOND).await;
                token.cancel();
                hall.gate.add_permits(1);
            } else {
                token.cancel();
                remote.hold(Ticket { seat: 7 }).await.unwrap();
            }
        };
        let (end, ()) = tokio::join!(run, acts);
        let failed = end.unwrap_err();
        assert!(
            matches!(failed.cause(), Cause::Cancelled { .. }),
            "{failed:?}"
        );
        let undone = usize::from(has_begun);
        assert_eq!(hall.released.available_permits(), undone, "{has_begun}");
    }
}
