//! In a store: a run that waits is held by nobody, and goes on when its time has come or a signal is there.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use stateway::Clock;
use stateway::prelude::*;
use stateway::store::{Filter, Status, Store as _};
use tokio::time::sleep;

use super::claim::*;

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
