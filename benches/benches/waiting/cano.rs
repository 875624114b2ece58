//! The same in Cano: a workflow that waits in a `TimerTask`, in memory. It has nothing that a sender could move.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cano::prelude::*;

use crate::live::live;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Step {
    Wait,
    Done,
}

struct Until(Instant);

#[task::timer(state = Step)]
impl Until {
    async fn wait(&self, _: &Resources) -> Result<TimerOutcome, CanoError> {
        Ok(TimerOutcome::Until(self.0))
    }

    async fn after_wait(&self, _: &Resources) -> Result<TaskResult<Step>, CanoError> {
        Ok(TaskResult::Single(Step::Done))
    }
}

/// The time of a timer, from when all of them are due until each run has ended; and the bytes that one takes before.
pub(crate) async fn timers(runs: u32) -> (Duration, i64) {
    let until = Instant::now() + Duration::from_secs(1) + Duration::from_micros(20) * runs;
    let workflow = Workflow::bare()
        .register(Step::Wait, Until(until))
        .add_exit_state(Step::Done);
    let workflow = Arc::new(workflow);
    let before = live();
    let mut tasks = Vec::new();
    for _ in 0..runs {
        let workflow = Arc::clone(&workflow);
        tasks.push(tokio::spawn(async move {
            let token = CancellationToken::disabled();
            workflow.orchestrate(Step::Wait, token).await == Ok(Step::Done)
        }));
    }
    let half = until.saturating_duration_since(Instant::now()) / 2;
    tokio::time::sleep(half).await;
    let bytes = (live() - before) / i64::from(runs);
    tokio::time::sleep(until.saturating_duration_since(Instant::now())).await;
    let began = Instant::now();
    for task in tasks {
        assert!(task.await.expect("it does not panic"));
    }
    (began.elapsed() / runs, bytes)
}
