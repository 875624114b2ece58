//! The chain in Cano: states are values, tasks are registered for them.

use std::hint::black_box;

use cano::prelude::*;

use crate::chain::{LENGTH, chain};

macro_rules! declare {
    ($($step:ident $from:ident $outcome:ident $to:ident;)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        enum State {
            $($from,)*
            S99,
        }

        fn workflow() -> Workflow<State> {
            Workflow::bare()
                $(.register(State::$from, Next(State::$to)))*
                .add_exit_state(State::S99)
        }
    };
}

struct Next(State);

#[task]
impl Task<State> for Next {
    async fn run_bare(&self) -> Result<TaskResult<State>, CanoError> {
        Ok(TaskResult::Single(black_box(self.0)))
    }
}

chain!(declare);

pub(crate) struct Walk(Workflow<State>);

impl Walk {
    pub(crate) fn new() -> Self {
        Walk(workflow())
    }

    /// Cano's states carry no data, so nothing is counted on the way.
    pub(crate) async fn walk(&self) -> u64 {
        match self
            .0
            .orchestrate(State::S0, CancellationToken::disabled())
            .await
        {
            Ok(State::S99) => LENGTH,
            other => unreachable!("the chain ends in S99: {other:?}"),
        }
    }
}
