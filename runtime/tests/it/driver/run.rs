//! Driven runs that go as declared.

use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Waker};

use stateway::prelude::*;
use tokio::sync::{Notify, oneshot};

workflow! {
    #[derive(Debug, PartialEq)]
    workflow Count {
        input { turns: u64, succeed: bool }
        start Counting { turn: u64 };
        done Reached { turns: u64 };
        failed GaveUp;
        step count as Counted: Counting -> Counting | Reached | GaveUp;
    }
}

/// Counts up to the input's turns without ever waiting.
#[derive(Default)]
struct Counter {
    calls: AtomicU64,
}

impl CountSteps for Counter {
    type Error = Infallible;

    async fn count(&self, counting: Counting, step: &Step<Counted>) -> Result<Counted, Infallible> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        Ok(if counting.turn < step.input().turns {
            step.to(Counting {
                turn: counting.turn + 1,
            })
        } else if step.input().succeed {
            step.to(Reached {
                turns: counting.turn,
            })
        } else {
            step.to(GaveUp)
        })
    }
}

fn start(turns: u64, succeed: bool) -> Count<Counting> {
    Count::start(CountInput { turns, succeed }, Counting { turn: 0 })
}

#[test]
fn a_run_ends_in_the_state_that_its_handlers_chose() {
    let counter = Counter::default();
    let end = pollster::block_on(start(3, true).run(&counter)).unwrap();
    assert_eq!(end, CountEnd::Reached(Reached { turns: 3 }));
    assert_eq!(counter.calls.into_inner(), 4);
}

#[test]
fn a_failed_state_is_an_end_and_no_error() {
    let end = pollster::block_on(start(3, false).run(&Counter::default())).unwrap();
    assert_eq!(end, CountEnd::GaveUp(GaveUp));
}

#[test]
fn a_machine_in_a_final_state_ends_without_a_handler() {
    let counter = Counter::default();
    let reached = start(0, true).count(|_| Reached { turns: 9 });
    let end = pollster::block_on(reached.run(&counter)).unwrap();
    assert_eq!(end, CountEnd::Reached(Reached { turns: 9 }));
    assert_eq!(counter.calls.into_inner(), 0);
}

#[test]
fn a_machine_that_was_moved_by_hand_is_driven_from_where_it_is() {
    let counter = Counter::default();
    let machine = start(5, true).count(|_| Counting { turn: 4 });
    let end = pollster::block_on(machine.run(&counter)).unwrap();
    assert_eq!(end, CountEnd::Reached(Reached { turns: 5 }));
    assert_eq!(counter.calls.into_inner(), 2);
}

#[test]
fn a_machine_that_lost_its_type_is_driven_from_where_it_is() {
    let counter = Counter::default();
    let machine = AnyCount::from(start(5, true).count(|_| Counting { turn: 4 }));
    let end = pollster::block_on(machine.run(&counter)).unwrap();
    assert_eq!(end, CountEnd::Reached(Reached { turns: 5 }));
    assert_eq!(counter.calls.into_inner(), 2);
}

workflow! {
    workflow Large {
        start Full { bytes: [u8; 1 << 12] };
        state Half { bytes: [u8; 1 << 12] };
        done Empty;
        step halve: Full -> Half;
        step drain as Drained: Half -> Empty;
    }
}

struct Drain;

impl LargeSteps for Drain {
    type Error = Infallible;

    async fn halve(&self, full: Full, step: &Step<Halve>) -> Result<Halve, Infallible> {
        Ok(step.to(Half { bytes: full.bytes }))
    }

    async fn drain(&self, half: Half, step: &Step<Drained>) -> Result<Drained, Infallible> {
        assert_eq!(half.bytes[0], 0);
        Ok(step.to(Empty))
    }
}

#[test]
fn the_future_of_a_run_holds_its_state_a_few_times_and_not_once_for_each_layer() {
    let run = Large::start(Full {
        bytes: [0; 1 << 12],
    })
    .run(&Drain);
    let states = size_of_val(&run) / size_of::<Full>();
    assert!(states <= 4, "{states} times");
}

#[test]
fn a_run_that_never_waits_lets_its_executor_go_on() {
    let counter = Counter::default();
    let mut run = pin!(start(u64::MAX, true).run(&counter));
    let mut cx = Context::from_waker(Waker::noop());
    for poll in 1..=3 {
        assert!(run.as_mut().poll(&mut cx).is_pending());
        assert_eq!(counter.calls.load(Ordering::Relaxed), poll * 256);
    }
}

#[test]
fn a_run_that_yields_has_asked_to_be_polled_again() {
    struct Woken(AtomicU64);
    impl std::task::Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let woken = Arc::new(Woken(AtomicU64::new(0)));
    let waker = Waker::from(Arc::clone(&woken));
    let counter = Counter::default();
    let mut run = pin!(start(u64::MAX, true).run(&counter));
    let mut cx = Context::from_waker(&waker);
    assert!(run.as_mut().poll(&mut cx).is_pending());
    assert_eq!(woken.0.load(Ordering::Relaxed), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_can_be_spawned() {
    let run = async { start(10_000, true).run(&Counter::default()).await };
    let end = tokio::spawn(run).await.expect("the run does not panic");
    assert_eq!(end.unwrap(), CountEnd::Reached(Reached { turns: 10_000 }));
}

workflow! {
    workflow Wait {
        start Waiting { token: Arc<()> };
        done Over;
        step wait as Waited: Waiting -> Over;
    }
}

/// Waits until it is notified, and says when it has begun.
struct Waiter {
    begun: Notify,
    go_on: Notify,
}

impl WaitSteps for Waiter {
    type Error = Infallible;

    async fn wait(&self, waiting: Waiting, step: &Step<Waited>) -> Result<Waited, Infallible> {
        self.begun.notify_one();
        self.go_on.notified().await;
        drop(waiting.token);
        Ok(step.to(Over))
    }
}

fn waiter() -> Arc<Waiter> {
    Arc::new(Waiter {
        begun: Notify::new(),
        go_on: Notify::new(),
    })
}

#[tokio::test]
async fn a_handler_may_wait_for_what_happens_elsewhere() {
    let waiter = waiter();
    let context = Arc::clone(&waiter);
    let (ended, end) = oneshot::channel();
    tokio::spawn(async move {
        let token = Arc::new(());
        let over = Wait::start(Waiting { token }).run(&*context).await;
        ended
            .send(matches!(over, Ok(WaitEnd::Over(Over))))
            .expect("the test listens");
    });
    waiter.begun.notified().await;
    waiter.go_on.notify_one();
    assert!(end.await.expect("the run ends"));
}

#[tokio::test]
async fn dropping_a_run_drops_its_state_and_its_handler() {
    let waiter = waiter();
    let context = Arc::clone(&waiter);
    let token = Arc::new(());
    let state = Waiting {
        token: Arc::clone(&token),
    };
    let run = tokio::spawn(async move { Wait::start(state).run(&*context).await.is_ok() });
    waiter.begun.notified().await;
    assert_eq!(Arc::strong_count(&token), 2);
    run.abort();
    assert!(run.await.expect_err("the run was aborted").is_cancelled());
    assert_eq!(Arc::strong_count(&token), 1);
    assert_eq!(Arc::strong_count(&waiter), 1);
}
