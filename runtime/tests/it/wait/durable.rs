//! In a store: a run that waits is held by nobody, and goes on when its time has come or a signal is there.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use stateway::prelude::*;
use stateway::store::{Event, Filter, Status, Store};
use stateway::{Clock, MemoryStore, RedbStore, SignalError};
use tokio::time::sleep;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Approval {
    pub(super) by: String,
}

workflow! {
    #[derive(Debug, Clone, PartialEq)]
    #[durable(version = 1)]
    pub(super) workflow Claim {
        input { amount: u32 }

        start Draft;
        state Submitted { patience: Duration };
        state Checked;
        state Escalated { until: SystemTime };
        done Approved { by: String };
        done Rejected;
        failed Expired;

        deadline 20m;

        signal submit(Duration): Draft -> Submitted with undo(withdraw);
        signal approve(Approval): Submitted | Escalated -> Checked | Rejected with retry(3, every 1m);
        step finish: Checked -> Approved;
        signal reject: Submitted | Escalated -> Rejected;
        timer escalate after patience: Submitted -> Escalated;
        timer expire at until: Escalated -> Expired;
    }
}

#[derive(Default)]
pub(super) struct Office {
    failures: AtomicU32,
    said: Mutex<Vec<String>>,
}

impl Office {
    fn say(&self, what: impl Into<String>) {
        self.said.lock().unwrap().push(what.into());
    }

    pub(super) fn said(&self) -> Vec<String> {
        self.said.lock().unwrap().clone()
    }
}

impl ClaimSteps for Office {
    type Error = String;

    async fn submit(
        &self,
        _: Draft,
        patience: Duration,
        step: &Step<OnSubmit>,
    ) -> Result<OnSubmit, String> {
        self.say(step.key().to_string());
        Ok(step.to(Submitted { patience }))
    }

    async fn withdraw(&self, _: Submitted, _: &Undo<OnSubmit>) -> Result<(), String> {
        sleep(Duration::from_secs(1)).await;
        self.say("withdrawn");
        Ok(())
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
        self.say(format!("{} approved", approval.by));
        Ok(match from {
            ApproveFrom::Submitted(_) => step.to(Checked),
            ApproveFrom::Escalated(_) => step.to(Rejected),
        })
    }

    async fn finish(&self, _: Checked, step: &Step<Finish>) -> Result<Finish, String> {
        Ok(step.to(Approved { by: "Ada".into() }))
    }

    async fn reject(&self, _: RejectFrom, step: &Step<OnReject>) -> Result<OnReject, String> {
        Ok(step.to(Rejected))
    }

    async fn escalate(&self, _: Submitted, step: &Step<OnEscalate>) -> Result<OnEscalate, String> {
        self.say("escalated");
        let until = Clock::tokio().now() + MINUTE * 10;
        Ok(step.to(Escalated { until }))
    }

    async fn expire(&self, _: Escalated, step: &Step<OnExpire>) -> Result<OnExpire, String> {
        Ok(step.to(Expired))
    }
}

pub(super) const MINUTE: Duration = Duration::from_mins(1);

async fn launch(store: &Arc<dyn Store>, office: &Arc<Office>) -> Runner<Claim> {
    let runner = Runner::<Claim>::shared(Arc::clone(office)).clock(Clock::tokio());
    runner.store(Arc::clone(store)).launch().await.unwrap()
}

/// Both kinds of stores.
fn stores() -> [Arc<dyn Store>; 2] {
    let folder = tempfile::tempdir().unwrap().keep();
    [
        Arc::new(MemoryStore::new()),
        Arc::new(RedbStore::open(folder.join("claims.redb")).unwrap()),
    ]
}

fn approval() -> Approval {
    Approval { by: "Ada".into() }
}

async fn states(runner: &Runner<Claim>) -> Vec<(String, Option<String>)> {
    let history = runner.history("c-1").await.unwrap();
    let states = history.into_iter().filter_map(|row| match row.event {
        Event::Transition { state, message, .. } => Some((state.to_string(), message)),
        _ => None,
    });
    states.collect()
}

#[tokio::test(start_paused = true)]
async fn signals_move_a_stored_run_and_its_history_names_them() {
    for store in stores() {
        let office = Arc::new(Office::default());
        let runner = launch(&store, &office).await;
        let input = ClaimInput { amount: 7 };
        let run = runner.start("c-1", input, Draft).await.unwrap();
        let sent = run
            .submit(MINUTE * 24 * 14)
            .message_id("m-1")
            .await
            .unwrap();
        assert_eq!((&*sent.message_id, sent.is_new), ("m-1", true));
        run.approve(approval()).message_id("m-2").await.unwrap();
        let by = "Ada".into();
        assert_eq!(
            run.end().await.unwrap(),
            ClaimEnd::Approved(Approved { by })
        );
        let message = |id: &str| Some(id.to_owned());
        assert_eq!(
            states(&runner).await,
            [
                ("Submitted".into(), message("m-1")),
                ("Checked".into(), message("m-2")),
                ("Approved".into(), None)
            ]
        );
        runner.shut_down(MINUTE).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_with_the_same_id_is_the_same_message() {
    for store in stores() {
        let office = Arc::new(Office::default());
        let runner = launch(&store, &office).await;
        let run = runner
            .start("c-1", ClaimInput { amount: 7 }, Draft)
            .await
            .unwrap();
        for is_new in [true, false, false] {
            let sent = run.submit(MINUTE).message_id("m-1").await.unwrap();
            assert_eq!(sent.is_new, is_new);
        }
        sleep(MINUTE / 2).await;
        // Also when no state takes it any more; another one is refused.
        let sent = run.submit(MINUTE).message_id("m-1").await.unwrap();
        assert!(!sent.is_new);
        let other = run.submit(MINUTE).message_id("m-2").await;
        assert!(
            matches!(&other, Err(SignalError::NeverAccepted { state, .. }) if state == "Submitted"),
            "{other:?}"
        );
        assert_eq!(office.said().len(), 1);
        assert_eq!(states(&runner).await.len(), 1);
        runner.shut_down(MINUTE).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_timer_fires_at_its_time_though_nobody_ran_meanwhile() {
    for store in stores() {
        let office = Arc::new(Office::default());
        let runner = launch(&store, &office).await;
        let run = runner
            .start("c-1", ClaimInput { amount: 7 }, Draft)
            .await
            .unwrap();
        run.submit(MINUTE * 5).await.unwrap();
        sleep(MINUTE).await;
        let info = run.info().await.unwrap();
        assert_eq!((&*info.state, info.status), ("Submitted", Status::Running));
        let left = info
            .due
            .unwrap()
            .duration_since(Clock::tokio().now())
            .unwrap();
        assert!(left > MINUTE * 3 && left <= MINUTE * 4, "{left:?}");
        runner.shut_down(MINUTE).await;
        // It is due in this time, and `expire` ten minutes later.
        sleep(MINUTE * 5).await;
        assert_eq!(office.said().len(), 1);
        let runner = launch(&store, &office).await;
        let run = runner.get("c-1").await.unwrap().unwrap();
        sleep(Duration::from_secs(1)).await;
        assert_eq!(run.info().await.unwrap().state, "Escalated");
        let end = run.end().await;
        // It is in a `failed` state, and what submitted it is undone.
        assert_eq!(end.unwrap(), ClaimEnd::Expired(Expired));
        assert_eq!(office.said()[1..], ["escalated", "withdrawn"]);
        runner.shut_down(MINUTE).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_signal_that_came_before_the_timer_was_due_is_first_after_a_restart() {
    for store in stores() {
        let office = Arc::new(Office::default());
        let runner = launch(&store, &office).await;
        let run = runner
            .start("c-1", ClaimInput { amount: 7 }, Draft)
            .await
            .unwrap();
        run.submit(MINUTE * 5).await.unwrap();
        sleep(MINUTE).await;
        runner.shut_down(MINUTE).await;
        run.approve(approval()).await.unwrap();
        sleep(MINUTE * 9).await;
        let runner = launch(&store, &office).await;
        let run = runner.get("c-1").await.unwrap().unwrap();
        assert!(matches!(run.end().await, Ok(ClaimEnd::Approved(_))));
        runner.shut_down(MINUTE).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_timer_that_was_due_before_the_signal_came_is_first_after_a_restart() {
    for store in stores() {
        let office = Arc::new(Office::default());
        let runner = launch(&store, &office).await;
        let run = runner
            .start("c-1", ClaimInput { amount: 7 }, Draft)
            .await
            .unwrap();
        run.submit(MINUTE * 5).await.unwrap();
        sleep(MINUTE).await;
        runner.shut_down(MINUTE).await;
        sleep(MINUTE * 9).await;
        run.approve(approval()).await.unwrap();
        let runner = launch(&store, &office).await;
        let run = runner.get("c-1").await.unwrap().unwrap();
        // From `Escalated` it leads elsewhere.
        assert_eq!(run.end().await.unwrap(), ClaimEnd::Rejected(Rejected));
        assert_eq!(office.said()[1..], ["escalated", "Ada approved"]);
        runner.shut_down(MINUTE).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_signal_that_no_state_takes_yet_waits_for_one_that_does() {
    for store in stores() {
        let office = Arc::new(Office::default());
        let runner = launch(&store, &office).await;
        let run = runner
            .start("c-1", ClaimInput { amount: 7 }, Draft)
            .await
            .unwrap();
        run.reject().await.unwrap();
        let now = run.reject().if_accepted_now().await;
        assert!(
            matches!(&now, Err(SignalError::NotAcceptedNow { state, .. }) if state == "Draft"),
            "{now:?}"
        );
        sleep(MINUTE).await;
        assert_eq!(run.info().await.unwrap().state, "Draft");
        run.submit(MINUTE).if_accepted_now().await.unwrap();
        assert_eq!(run.end().await.unwrap(), ClaimEnd::Rejected(Rejected));
        let late = run.reject().await;
        assert!(matches!(late, Err(SignalError::Ended { .. })), "{late:?}");
        runner.shut_down(MINUTE).await;
    }
}

#[tokio::test(start_paused = true)]
async fn attempts_of_a_signal_wait_in_the_store_and_are_given_the_signal_again() {
    for store in stores() {
        let office = Arc::new(Office::default());
        office.failures.store(2, Ordering::Relaxed);
        let runner = launch(&store, &office).await;
        let run = runner
            .start("c-1", ClaimInput { amount: 7 }, Draft)
            .await
            .unwrap();
        run.submit(MINUTE * 100).await.unwrap();
        run.approve(approval()).await.unwrap();
        sleep(MINUTE / 2).await;
        // Another one comes while it waits for the second attempt, and changes nothing.
        run.reject().await.unwrap();
        runner.shut_down(MINUTE).await;
        let runner = launch(&store, &office).await;
        let run = runner.get("c-1").await.unwrap().unwrap();
        assert!(matches!(run.end().await, Ok(ClaimEnd::Approved(_))));
        let said = office.said();
        assert_eq!(
            said[1..],
            ["attempt 1 failed", "attempt 2 failed", "Ada approved"]
        );
        runner.shut_down(MINUTE).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_waits_is_cancelled_and_terminated() {
    for store in stores() {
        for is_cancelled in [true, false] {
            let office = Arc::new(Office::default());
            let runner = launch(&store, &office).await;
            let id = if is_cancelled { "c-1" } else { "c-2" };
            let run = runner
                .start(id, ClaimInput { amount: 7 }, Draft)
                .await
                .unwrap();
            run.submit(MINUTE * 100).await.unwrap();
            sleep(MINUTE).await;
            if is_cancelled {
                runner.cancel(id).await.unwrap();
            } else {
                runner.terminate(id).await.unwrap();
            }
            let error = run.end().await.unwrap_err();
            let status = run.info().await.unwrap().status;
            let expected = if is_cancelled {
                Status::Cancelled
            } else {
                Status::Terminated
            };
            assert_eq!(status, expected, "{error}");
            assert_eq!(office.said().len(), if is_cancelled { 2 } else { 1 });
            runner.shut_down(MINUTE).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_deadline_of_a_run_ends_its_wait() {
    for store in stores() {
        let office = Arc::new(Office::default());
        let runner = launch(&store, &office).await;
        let run = runner
            .start("c-1", ClaimInput { amount: 7 }, Draft)
            .await
            .unwrap();
        run.submit(MINUTE * 1_000).await.unwrap();
        let began = Clock::tokio().now();
        let error = run.end().await.unwrap_err();
        let took = Clock::tokio().now().duration_since(began).unwrap();
        assert_eq!(took.as_secs() / 60, 20, "{error}");
        assert_eq!(office.said().last().unwrap(), "withdrawn");
        runner.shut_down(MINUTE).await;
    }
}

#[tokio::test(start_paused = true)]
async fn waiting_leaves_nothing_in_the_history_and_holds_no_claim() {
    for store in stores() {
        let office = Arc::new(Office::default());
        let runner = launch(&store, &office).await;
        let run = runner
            .start("c-1", ClaimInput { amount: 7 }, Draft)
            .await
            .unwrap();
        for _ in 0..50 {
            // Not taken by `Draft`: each wakes the run.
            run.reject().await.unwrap();
            sleep(Duration::from_secs(1)).await;
        }
        assert_eq!(runner.history("c-1").await.unwrap().len(), 1);
        let row = store.list(Filter::new()).await.unwrap().remove(0);
        assert_eq!((row.crashes, row.waits), (0, false));
        runner.shut_down(MINUTE).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_payload_that_does_not_decode_parks_the_run_and_loses_nothing() {
    for store in stores() {
        let office = Arc::new(Office::default());
        let runner = launch(&store, &office).await;
        let run = runner
            .start("c-1", ClaimInput { amount: 7 }, Draft)
            .await
            .unwrap();
        let message = stateway::store::Message {
            run: run.id().clone(),
            id: "m-1".into(),
            signal: "submit".into(),
            payload: b"\"soon\"".into(),
            at: Clock::tokio().now(),
        };
        store.send(message.into()).await.unwrap();
        runner.shut_down(MINUTE).await;
        let runner = launch(&store, &office).await;
        let run = runner.get("c-1").await.unwrap().unwrap();
        let error = run.end().await.unwrap_err().to_string();
        assert!(
            error.contains("message `m-1` of signal `submit` does not decode"),
            "{error}"
        );
        assert_eq!(run.info().await.unwrap().status, Status::Parked);
        runner.shut_down(MINUTE).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_signal_by_its_name_is_checked_before_it_is_stored() {
    for store in stores() {
        let office = Arc::new(Office::default());
        let runner = launch(&store, &office).await;
        let input = ClaimInput { amount: 7 };
        let run = runner.start("c-1", input, Draft).await.unwrap();
        let refused = async |id: &str, signal: &str, json: &str| {
            let sent = runner.signal_json(id, signal, json).await;
            sent.unwrap_err().to_string()
        };
        let patience = r#"{"secs": 600, "nanos": 0}"#;
        assert_eq!(
            refused("c-2", "submit", patience).await,
            "there is no run `c-2` in the store"
        );
        assert_eq!(
            refused("c-1", "pay", "null").await,
            "there is no signal `pay`: there are `submit`, `approve`, `reject`"
        );
        assert!(refused("", "submit", "null").await.contains("id"));
        let wrong = refused("c-1", "submit", r#"{"secs": "4111-1111"}"#).await;
        assert!(
            wrong.starts_with("signal `submit` cannot carry this: "),
            "{wrong}"
        );
        assert!(!wrong.contains("4111"), "{wrong}");
        assert!(refused("c-1", "reject", "7").await.contains("cannot carry"));
        let early = runner
            .signal_json("c-1", "reject", "")
            .if_accepted_now()
            .await;
        assert!(matches!(early, Err(SignalError::NotAcceptedNow { .. })));

        let sent = runner.signal_json("c-1", "submit", patience);
        assert!(sent.message_id("m-1").await.unwrap().is_new);
        assert!(!run.submit(MINUTE).message_id("m-1").await.unwrap().is_new);
        let approval = r#"{"by": "Ada"}"#;
        runner
            .signal_json("c-1", "approve", approval)
            .await
            .unwrap();
        assert!(matches!(run.end().await, Ok(ClaimEnd::Approved(_))));
        runner.shut_down(MINUTE).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_handle_of_a_run_that_was_replaced_signals_nobody() {
    for store in stores() {
        let office = Arc::new(Office::default());
        let runner = launch(&store, &office).await;
        let input = || ClaimInput { amount: 7 };
        let before = runner.start("c-1", input(), Draft).await.unwrap();
        runner.terminate("c-1").await.unwrap();
        assert!(before.end().await.is_err());
        let run = runner.start("c-1", input(), Draft).again().await.unwrap();
        let sent = before.submit(MINUTE).message_id("m-1").await;
        assert!(
            matches!(sent, Err(SignalError::NotFound { .. })),
            "{sent:?}"
        );
        assert!(run.submit(MINUTE).message_id("m-1").await.unwrap().is_new);
        runner.shut_down(MINUTE).await;
    }
}

workflow! {
    #[durable(version = 1)]
    #[derive(Debug, Clone)]
    workflow Nap {
        start Asleep;
        state Turned;
        done Risen;

        signal turn: Asleep -> Turned with deadline(10s), retry(9, every 4s);
        timer rise after 30s: Turned -> Risen with deadline(10s);
        signal leave: Turned -> Risen with undo(back);
        step back_to_sleep: Falling -> Asleep;
        state Falling;
        signal fall: Turned -> Falling;
    }
}

/// Its first calls of `turn` fail.
struct Bed(AtomicU32);

impl NapSteps for Bed {
    type Error = String;

    async fn turn(&self, _: Asleep, step: &Step<OnTurn>) -> Result<OnTurn, String> {
        sleep(Duration::from_millis(50)).await;
        if self.0.load(Ordering::Relaxed) > 0 {
            self.0.fetch_sub(1, Ordering::Relaxed);
            return Err("not yet".into());
        }
        Ok(step.to(Turned))
    }

    async fn rise(&self, _: Turned, step: &Step<OnRise>) -> Result<OnRise, String> {
        sleep(Duration::from_millis(50)).await;
        Ok(step.to(Risen))
    }

    async fn leave(&self, _: Turned, step: &Step<OnLeave>) -> Result<OnLeave, String> {
        Ok(step.to(Risen))
    }

    async fn back(&self, _: Risen, _: &Undo<OnLeave>) -> Result<(), String> {
        Ok(())
    }

    async fn back_to_sleep(
        &self,
        _: Falling,
        step: &Step<BackToSleep>,
    ) -> Result<BackToSleep, String> {
        Ok(step.to(Asleep))
    }

    async fn fall(&self, _: Turned, step: &Step<OnFall>) -> Result<OnFall, String> {
        Ok(step.to(Falling))
    }
}

#[tokio::test(start_paused = true)]
async fn a_deadline_of_an_event_counts_from_its_first_attempt_and_not_from_the_wait() {
    for store in stores() {
        for (id, failures) in [("n-1", 0), ("n-2", 9)] {
            let runner = Runner::<Nap>::builder(Bed(AtomicU32::new(failures)));
            let runner = runner.clock(Clock::tokio()).store(Arc::clone(&store));
            let runner = runner.launch().await.unwrap();
            let run = runner.start(id, (), Asleep).await.unwrap();
            sleep(MINUTE).await;
            run.turn().await.unwrap();
            let end = run.end().await;
            if failures == 0 {
                assert!(matches!(end, Ok(NapEnd::Risen(_))), "{end:?}");
            } else {
                let error = end.unwrap_err().to_string();
                assert!(
                    error.contains("ran out of time in state `Asleep`"),
                    "{error}"
                );
            }
            runner.shut_down(MINUTE).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_rolled_back_takes_no_signal() {
    for store in stores() {
        let office = Arc::new(Office::default());
        office.failures.store(9, Ordering::Relaxed);
        let runner = launch(&store, &office).await;
        let run = runner
            .start("c-1", ClaimInput { amount: 7 }, Draft)
            .await
            .unwrap();
        run.submit(MINUTE * 9).await.unwrap();
        run.approve(approval()).await.unwrap();
        // `withdraw` takes a while.
        while run.info().await.unwrap().status != Status::RollingBack {
            sleep(Duration::from_millis(100)).await;
        }
        let sent = run.reject().await;
        assert!(
            matches!(sent, Err(SignalError::NeverAccepted { .. })),
            "{sent:?}"
        );
        let sent = run.reject().if_accepted_now().await;
        assert!(
            matches!(sent, Err(SignalError::NotAcceptedNow { .. })),
            "{sent:?}"
        );
        assert!(run.end().await.is_err());
        runner.shut_down(MINUTE).await;
    }
}
