//! The deadline of a workflow: counted from the start of the run, and over all of its steps.

use std::time::Duration;

use stateway::Scope;
use stateway::prelude::*;
use tokio::time::Instant;

use crate::support::desk::{Act, Desk, Oops};

workflow! {
    #[derive(Debug, Clone, PartialEq)]
    workflow Errand {
        deadline 10s;

        start Begun;
        state Halfway;
        done Over;

        step go: Begun -> Halfway with undo(go_back);
        step wait: Halfway -> Over with retry(9, every 4s);
    }
}

impl ErrandSteps for Desk {
    type Error = Oops;

    async fn go(&self, _: Begun, step: &Step<Go>) -> Result<Go, Oops> {
        self.act("go").await?;
        Ok(step.to(Halfway))
    }

    async fn go_back(&self, _: Halfway, _: &Undo<Go>) -> Result<(), Oops> {
        tokio::time::sleep(Duration::from_mins(1)).await;
        self.act("go_back").await
    }

    async fn wait(&self, _: Halfway, step: &Step<Wait>) -> Result<Wait, Oops> {
        self.act("wait").await?;
        Ok(step.to(Over))
    }
}

fn late(last: Option<Oops>) -> Cause<Oops> {
    Cause::Deadline {
        limit: Duration::from_secs(10),
        scope: Scope::Run,
        last,
        join: None,
    }
}

#[tokio::test(start_paused = true)]
async fn the_deadline_of_a_workflow_stops_a_step_without_policies() {
    let desk = Desk::new().then("go", Act::Hang);
    let began = Instant::now();
    let error = Errand::start(Begun).run(&desk).await.expect_err("late");
    assert_eq!(error.cause(), &late(None));
    assert_eq!((error.state(), error.transition()), ("Begun", Some("go")));
    assert_eq!(began.elapsed(), Duration::from_secs(10));
    assert_eq!(desk.calls(), ["go", "go dropped"]);
    assert_eq!(
        error.to_string(),
        "step `go` ran out of time in state `Begun` of `Errand`: the run may take 10s"
    );
}

#[tokio::test(start_paused = true)]
async fn an_attempt_after_the_deadline_of_the_workflow_is_not_waited_for() {
    let desk = (0..9).fold(Desk::new(), |desk, _| {
        desk.then("wait", Act::Fail(Oops::Down))
    });
    let began = Instant::now();
    let error = Errand::start(Begun).run(&desk).await.expect_err("late");
    assert_eq!(error.cause(), &late(Some(Oops::Down)));
    assert_eq!(error.attempts(), 3);
    // The third attempt failed after 8 s; the rollback itself has no deadline.
    assert_eq!(began.elapsed(), Duration::from_secs(8 + 60));
    assert!(error.rollback().is_complete());
}

/// Its first step ends when the deadline has passed, without having waited for it.
struct Late(Desk);

impl ErrandSteps for Late {
    type Error = Oops;

    async fn go(&self, _: Begun, step: &Step<Go>) -> Result<Go, Oops> {
        tokio::time::advance(Duration::from_mins(1)).await;
        Ok(step.to(Halfway))
    }

    async fn go_back(&self, _: Halfway, _: &Undo<Go>) -> Result<(), Oops> {
        self.0.act("go_back").await
    }

    async fn wait(&self, _: Halfway, step: &Step<Wait>) -> Result<Wait, Oops> {
        self.0.act("wait").await?;
        Ok(step.to(Over))
    }
}

#[tokio::test(start_paused = true)]
async fn no_step_begins_after_the_deadline_of_the_workflow() {
    let desk = Late(Desk::new());
    let error = Errand::start(Begun).run(&desk).await.expect_err("late");
    assert_eq!(error.cause(), &late(None));
    assert!(!desk.0.calls().contains(&"wait".to_owned()));
}

/// Waits once, on whatever executor.
struct Patient;

impl ErrandSteps for Patient {
    type Error = Oops;

    async fn go(&self, _: Begun, step: &Step<Go>) -> Result<Go, Oops> {
        Ok(step.to(Halfway))
    }

    async fn go_back(&self, _: Halfway, _: &Undo<Go>) -> Result<(), Oops> {
        Ok(())
    }

    async fn wait(&self, _: Halfway, _: &Step<Wait>) -> Result<Wait, Oops> {
        Err(Oops::Down)
    }
}

#[test]
fn a_timer_without_a_tokio_runtime_is_a_panic_of_the_step_and_rolls_back() {
    let run = Errand::start(Begun).run(&Patient);
    let error = pollster::block_on(run).expect_err("there is no timer");
    let Cause::Panic(message) = error.cause() else {
        panic!("{error:?}");
    };
    assert!(message.contains("Tokio"), "{message}");
    assert_eq!(error.rollback().to_string(), "undone: `go`");
}
