//! In memory: who moves a run that waits, and when.

use std::future::poll_fn;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;
use std::time::{Duration, SystemTime};

use stateway::prelude::*;
use stateway::{CancellationToken, RunGone};
use tokio::time::{Instant, sleep};

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Approval {
    by: String,
}

workflow! {
    #[derive(Debug, Clone, PartialEq)]
    workflow Request {
        input { amount: u32 }

        start Draft;
        state Submitted { patience: Duration };
        state Escalated { until: SystemTime };
        done Approved { by: String, from: &'static str };
        done Rejected;
        failed Expired;

        signal submit(Duration): Draft -> Submitted;
        signal approve(Approval): Submitted | Escalated -> Approved with retry(3, every 1s);
        signal reject: Submitted | Escalated -> Rejected;
        timer escalate after patience: Submitted -> Escalated with undo(calm_down);
        timer expire at until: Escalated -> Expired | Rejected;
        timer forget after 14d: Draft | Submitted -> Expired;
    }
}

#[derive(Default)]
struct Office {
    failures: AtomicU32,
    said: Mutex<Vec<String>>,
}

impl Office {
    fn say(&self, what: impl Into<String>) {
        self.said.lock().unwrap().push(what.into());
    }

    fn said(&self) -> Vec<String> {
        self.said.lock().unwrap().clone()
    }
}

impl RequestSteps for Office {
    type Error = String;

    async fn submit(
        &self,
        _: Draft,
        patience: Duration,
        step: &Step<OnSubmit>,
    ) -> Result<OnSubmit, String> {
        Ok(step.to(Submitted { patience }))
    }

    async fn approve(
        &self,
        from: ApproveFrom,
        approval: Approval,
        step: &Step<OnApprove>,
    ) -> Result<OnApprove, String> {
        let left = self.failures.load(Ordering::Relaxed);
        if left > 0 {
            self.failures.store(left - 1, Ordering::Relaxed);
            self.say(format!("attempt {} failed", step.attempt()));
            return Err("the register is closed".into());
        }
        let from = match from {
            ApproveFrom::Submitted(_) => "Submitted",
            ApproveFrom::Escalated(_) => "Escalated",
        };
        let by = approval.by;
        Ok(step.to(Approved { by, from }))
    }

    async fn reject(&self, _: RejectFrom, step: &Step<OnReject>) -> Result<OnReject, String> {
        Ok(step.to(Rejected))
    }

    async fn escalate(&self, _: Submitted, step: &Step<OnEscalate>) -> Result<OnEscalate, String> {
        self.say("escalated");
        Ok(step.to(Escalated {
            until: SystemTime::now() + HOUR,
        }))
    }

    async fn calm_down(&self, _: Escalated, _: &Undo<OnEscalate>) -> Result<(), String> {
        self.say("calmed down");
        Ok(())
    }

    async fn expire(&self, _: Escalated, step: &Step<OnExpire>) -> Result<OnExpire, String> {
        Ok(step.to(Expired))
    }

    async fn forget(&self, _: ForgetFrom, step: &Step<OnForget>) -> Result<OnForget, String> {
        Ok(step.to(Expired))
    }
}

const HOUR: Duration = Duration::from_hours(1);

fn request() -> Request<Draft> {
    Request::start(RequestInput { amount: 7 }, Draft)
}

fn approval() -> Approval {
    Approval { by: "Ada".into() }
}

#[test]
fn a_signal_and_a_timer_are_methods_of_the_machine() {
    let submitted = request().submit(HOUR, |_, patience| Submitted { patience });
    let approved = submitted
        .clone()
        .approve(approval(), |submitted, approval| {
            assert_eq!(submitted.patience, HOUR);
            Approved {
                by: approval.by,
                from: "Submitted",
            }
        });
    assert_eq!(approved.by, "Ada");
    let until = SystemTime::UNIX_EPOCH;
    let escalated = submitted.escalate(|_| Escalated { until });
    assert_eq!(escalated.reject(|_| Rejected).into_state(), Rejected);
}

#[tokio::test(start_paused = true)]
async fn signals_move_a_run() {
    let office = Office::default();
    let mut run = request().run(&office);
    let remote = run.remote();
    remote.submit(HOUR).await.unwrap();
    remote.approve(approval()).await.unwrap();
    let (by, from) = ("Ada".into(), "Submitted");
    assert_eq!(
        run.await.unwrap(),
        RequestEnd::Approved(Approved { by, from })
    );
    assert_eq!(office.said(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_signal_that_no_state_takes_yet_is_kept_for_one_that_does() {
    let office = Office::default();
    let mut run = request().run(&office);
    let remote = run.remote();
    remote.reject().await.unwrap();
    remote.submit(HOUR).await.unwrap();
    assert_eq!(run.await.unwrap(), RequestEnd::Rejected(Rejected));
}

#[tokio::test(start_paused = true)]
async fn of_two_signals_the_older_is_taken() {
    let office = Office::default();
    let mut run = request().run(&office);
    let remote = run.remote();
    remote.submit(HOUR).await.unwrap();
    remote.reject().await.unwrap();
    remote.approve(approval()).await.unwrap();
    assert_eq!(run.await.unwrap(), RequestEnd::Rejected(Rejected));
}

#[tokio::test(start_paused = true)]
async fn timers_fire_at_their_time() {
    let office = Office::default();
    let began = Instant::now();
    let mut run = request().run(&office);
    let remote = run.remote();
    remote.submit(HOUR).await.unwrap();
    let end = run.await;
    // The run is in a `failed` state, and what escalated it was undone.
    assert_eq!(end.unwrap(), RequestEnd::Expired(Expired));
    assert_eq!(office.said(), ["escalated", "calmed down"]);
    let took = began.elapsed();
    assert!(
        took >= HOUR * 2 && took < HOUR * 2 + Duration::from_secs(1),
        "{took:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_timer_alone_moves_a_run_that_nobody_signals() {
    let office = Office::default();
    let began = Instant::now();
    let end = request().run(&office).await;
    assert_eq!(end.unwrap(), RequestEnd::Expired(Expired));
    assert_eq!(began.elapsed().as_secs(), 14 * 24 * 3600);
}

#[tokio::test(start_paused = true)]
async fn a_signal_that_came_before_the_timer_was_due_is_first_however_late_the_run_looks() {
    let office = Office::default();
    let mut run = request().run(&office);
    let remote = run.remote();
    remote.submit(HOUR).await.unwrap();
    remote.approve(approval()).await.unwrap();
    let mut run = std::pin::pin!(run);
    // It enters `Submitted` only now, and the timer counts from then on.
    sleep(HOUR * 3).await;
    let end = poll_fn(|cx| match run.as_mut().poll(cx) {
        Poll::Ready(end) => Poll::Ready(end),
        Poll::Pending => panic!("it has all that it waits for"),
    });
    assert!(matches!(end.await, Ok(RequestEnd::Approved(_))));
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_is_tried_again_is_given_the_signal_again() {
    let office = Office::default();
    office.failures.store(2, Ordering::Relaxed);
    let mut run = request().run(&office);
    let remote = run.remote();
    remote.submit(HOUR).await.unwrap();
    remote.approve(approval()).await.unwrap();
    assert!(matches!(run.await, Ok(RequestEnd::Approved(Approved { by, .. })) if by == "Ada"));
    assert_eq!(office.said(), ["attempt 1 failed", "attempt 2 failed"]);
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_fails_for_good_fails_the_run_in_the_state_that_it_left() {
    let office = Office::default();
    office.failures.store(9, Ordering::Relaxed);
    let mut run = request().run(&office);
    let remote = run.remote();
    remote.submit(HOUR).await.unwrap();
    tokio::join!(
        async {
            sleep(HOUR + HOUR / 2).await;
            remote.approve(approval()).await.unwrap();
        },
        async {
            let error = run.await.unwrap_err();
            assert_eq!(
                error.to_string(),
                "signal `approve` failed in state `Escalated` of `Request` after 3 attempts: the \
                 register is closed"
            );
        }
    );
    assert_eq!(office.said().last().unwrap(), "calmed down");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_waits_is_cancelled_at_once() {
    let (office, token) = (Office::default(), CancellationToken::new());
    let mut run = request().run(&office).cancelled_by(token.clone());
    let remote = run.remote();
    remote.submit(HOUR * 100).await.unwrap();
    let began = Instant::now();
    tokio::join!(
        async {
            sleep(HOUR).await;
            token.cancel();
        },
        async {
            let error = run.await.unwrap_err();
            assert!(matches!(error.cause(), Cause::Cancelled { .. }), "{error}");
            assert_eq!(
                error.to_string(),
                "the run was cancelled in state `Submitted` of `Request`"
            );
        }
    );
    assert_eq!(began.elapsed(), HOUR);
}

workflow! {
    #[derive(Debug)]
    workflow Bell {
        start Silent { rings: u32 };
        done Stopped;

        signal ring: Silent -> Silent | Stopped;
    }
}

struct Tower;

impl BellSteps for Tower {
    type Error = String;

    async fn ring(&self, silent: Silent, step: &Step<OnRing>) -> Result<OnRing, String> {
        Ok(match silent.rings {
            0 => step.to(Stopped),
            rings => step.to(Silent { rings: rings - 1 }),
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_nobody_can_signal_any_more_fails_and_says_so() {
    for rings in [0, 2] {
        let mut run = Bell::start(Silent { rings: 5 }).run(&Tower);
        let remote = run.remote();
        for _ in 0..rings {
            remote.ring().await.unwrap();
        }
        drop(remote);
        let error = run.await.unwrap_err();
        assert!(matches!(error.cause(), Cause::NoSignal));
        assert_eq!(
            error.to_string(),
            "the run waits for a signal that nobody is left to send in state `Silent` of `Bell`"
        );
    }
    let error = Bell::start(Silent { rings: 5 })
        .run(&Tower)
        .await
        .unwrap_err();
    assert!(
        matches!(error.cause(), Cause::NoSignal),
        "nobody ever could"
    );
}

#[tokio::test(start_paused = true)]
async fn a_signal_to_a_run_that_has_ended_is_refused() {
    let mut run = Bell::start(Silent { rings: 0 }).run(&Tower);
    let remote = run.remote();
    remote.ring().await.unwrap();
    assert!(run.await.is_ok());
    assert!(matches!(remote.ring().await, Err(RunGone { .. })));
    let mut run = Bell::start(Silent { rings: 0 }).run(&Tower);
    let remote = run.remote();
    drop(run);
    assert!(matches!(remote.clone().ring().await, Err(RunGone { .. })));
}

#[tokio::test]
async fn a_thousand_signals_are_taken_in_their_order_and_leave_nothing() {
    let mut run = Bell::start(Silent { rings: 1_000 }).run(&Tower);
    let remote = run.remote();
    for _ in 0..=1_000 {
        remote.ring().await.unwrap();
    }
    assert!(run.await.is_ok());
}

workflow! {
    #[derive(Debug)]
    workflow Nap {
        start Tired;
        state Asleep { r#until: SystemTime };
        done Woken;
        done Risen;

        signal sleep(SystemTime): Tired -> Asleep;
        signal wake: Asleep -> Woken;
        timer rise at until: Asleep -> Risen;
    }
}

struct Bed;

impl NapSteps for Bed {
    type Error = String;

    async fn sleep(
        &self,
        _: Tired,
        until: SystemTime,
        step: &Step<OnSleep>,
    ) -> Result<OnSleep, String> {
        Ok(step.to(Asleep { until }))
    }

    async fn wake(&self, _: Asleep, step: &Step<OnWake>) -> Result<OnWake, String> {
        Ok(step.to(Woken))
    }

    async fn rise(&self, _: Asleep, step: &Step<OnRise>) -> Result<OnRise, String> {
        Ok(step.to(Risen))
    }
}

#[tokio::test(start_paused = true)]
async fn a_timer_whose_time_had_passed_before_the_signal_came_is_first() {
    for passed in [HOUR, Duration::from_hours(24 * 365 * 40)] {
        let mut run = Nap::start(Tired).run(&Bed);
        let remote = run.remote();
        // Kept until the state that takes it is entered; the timer was due long before.
        remote.wake().await.unwrap();
        remote.sleep(SystemTime::now() - passed).await.unwrap();
        assert!(matches!(run.await, Ok(NapEnd::Risen(_))));
    }
}

#[tokio::test(start_paused = true)]
async fn remotes_of_one_run_are_all_of_that_run() {
    let mut run = Bell::start(Silent { rings: 2 }).run(&Tower);
    let (first, second) = (run.remote(), run.remote());
    first.ring().await.unwrap();
    second.ring().await.unwrap();
    drop(first);
    second.ring().await.unwrap();
    drop(second);
    assert!(run.await.is_ok());
}
