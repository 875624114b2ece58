//! The same step in Cano, which has its policies in the configuration of a task. Its states carry no
//! data, so the count is an atomic.

use std::borrow::Cow;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cano::prelude::*;
use cano::{CircuitBreaker, CircuitPolicy, TaskConfig};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum State {
    Walking,
    Arrived,
}

#[derive(Default)]
struct Count {
    count: AtomicU64,
    length: AtomicU64,
}

impl Count {
    fn next(&self) -> State {
        let count = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        if black_box(count) < self.length.load(Ordering::Relaxed) {
            State::Walking
        } else {
            State::Arrived
        }
    }
}

struct Go {
    count: Arc<Count>,
    config: TaskConfig,
}

#[task]
impl Task<State> for Go {
    fn config(&self) -> TaskConfig {
        self.config.clone()
    }

    async fn run_bare(&self) -> Result<TaskResult<State>, CanoError> {
        Ok(TaskResult::Single(self.count.next()))
    }
}

struct GoAndBack(Arc<Count>);

#[cano::saga::task]
impl CompensatableTask<State> for GoAndBack {
    type Output = u64;

    fn config(&self) -> TaskConfig {
        TaskConfig::minimal()
    }

    fn name(&self) -> Cow<'static, str> {
        Cow::Borrowed("go")
    }

    async fn run(&self, _: &Resources) -> Result<(TaskResult<State>, u64), CanoError> {
        let next = self.0.next();
        Ok((
            TaskResult::Single(next),
            self.0.count.load(Ordering::Relaxed),
        ))
    }

    async fn compensate(&self, _: &Resources, _: u64) -> Result<(), CanoError> {
        Ok(())
    }
}

pub(crate) struct Walker {
    count: Arc<Count>,
    workflow: Workflow<State>,
}

impl Walker {
    fn with(config: TaskConfig) -> Self {
        let count = Arc::new(Count::default());
        let go = Go {
            count: Arc::clone(&count),
            config,
        };
        let workflow = Workflow::bare()
            .register(State::Walking, go)
            .add_exit_state(State::Arrived);
        Walker { count, workflow }
    }

    pub(crate) fn plain() -> Self {
        Walker::with(TaskConfig::minimal())
    }

    pub(crate) fn retry() -> Self {
        Walker::with(TaskConfig::minimal().with_exponential_retry(2))
    }

    pub(crate) fn timeout() -> Self {
        Walker::with(TaskConfig::minimal().with_attempt_timeout(Duration::from_mins(1)))
    }

    pub(crate) fn breaker() -> Self {
        let breaker = CircuitBreaker::new(CircuitPolicy {
            failure_threshold: 5,
            reset_timeout: Duration::from_secs(30),
            half_open_max_calls: 1,
        });
        Walker::with(TaskConfig::minimal().with_circuit_breaker(Arc::new(breaker)))
    }

    pub(crate) fn undo() -> Self {
        let count = Arc::new(Count::default());
        let workflow = Workflow::bare()
            .register_with_compensation(State::Walking, GoAndBack(Arc::clone(&count)))
            .add_exit_state(State::Arrived);
        Walker { count, workflow }
    }

    pub(crate) async fn walk(&self, length: u64) -> u64 {
        self.count.count.store(0, Ordering::Relaxed);
        self.count.length.store(length, Ordering::Relaxed);
        let token = CancellationToken::disabled();
        match self.workflow.orchestrate(State::Walking, token).await {
            Ok(State::Arrived) => self.count.count.load(Ordering::Relaxed),
            other => unreachable!("the walk goes well: {other:?}"),
        }
    }
}
