//! The same split in Cano. Its branches give no output: what they have to say goes to an atomic, which
//! is cheaper than the shared store that its documentation uses.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cano::prelude::*;
use cano::{JoinConfig, JoinStrategy, TaskConfig};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum State {
    Counting,
    Counted,
}

struct Add {
    index: u64,
    sum: Arc<AtomicU64>,
}

#[task]
impl Task<State> for Add {
    fn config(&self) -> TaskConfig {
        TaskConfig::minimal()
    }

    async fn run_bare(&self) -> Result<TaskResult<State>, CanoError> {
        self.sum.fetch_add(black_box(self.index), Ordering::Relaxed);
        Ok(TaskResult::Single(State::Counted))
    }
}

pub(crate) struct Split {
    sum: Arc<AtomicU64>,
    workflow: Workflow<State>,
}

impl Split {
    pub(crate) fn of(branches: u64) -> Self {
        let sum = Arc::new(AtomicU64::new(0));
        let tasks = (0..branches).map(|index| Add {
            index,
            sum: Arc::clone(&sum),
        });
        let join = JoinConfig::new(JoinStrategy::All, State::Counted);
        let workflow = Workflow::bare()
            .register_split(State::Counting, tasks, join)
            .add_exit_state(State::Counted);
        Split { sum, workflow }
    }

    pub(crate) async fn run(&self) -> u64 {
        self.sum.store(0, Ordering::Relaxed);
        let token = CancellationToken::disabled();
        match self.workflow.orchestrate(State::Counting, token).await {
            Ok(State::Counted) => self.sum.load(Ordering::Relaxed),
            other => unreachable!("it goes well: {other:?}"),
        }
    }
}
