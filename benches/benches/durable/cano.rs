//! The same in Cano, with its checkpoint store on redb.

use std::hint::black_box;
use std::sync::Arc;

use cano::RedbCheckpointStore;
use cano::prelude::*;

use crate::file::fresh;
use crate::{Rate, runs, timed, transitions_a_second};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum State {
    S0,
    S1,
    S2,
    S3,
    S4,
    S5,
    S6,
    S7,
    S8,
    S9,
}

struct Next(State);

#[task]
impl Task<State> for Next {
    async fn run_bare(&self) -> Result<TaskResult<State>, CanoError> {
        Ok(TaskResult::Single(black_box(self.0)))
    }
}

fn workflow(store: &Arc<RedbCheckpointStore>, id: String) -> Workflow<State> {
    use State::{S0, S1, S2, S3, S4, S5, S6, S7, S8, S9};
    let links = [
        (S0, S1),
        (S1, S2),
        (S2, S3),
        (S3, S4),
        (S4, S5),
        (S5, S6),
        (S6, S7),
        (S7, S8),
        (S8, S9),
    ];
    let mut workflow = Workflow::bare();
    for (from, to) in links {
        workflow = workflow.register(from, Next(to));
    }
    workflow
        .add_exit_state(S9)
        .with_checkpoint_store(Arc::clone(store) as _)
        .with_workflow_id(id)
}

pub(crate) async fn rate(at_once: u64) -> Rate {
    let store = RedbCheckpointStore::new(fresh("cano")).expect("the file is new");
    let store = Arc::new(store);
    let runs = runs(at_once, if at_once < 8 { 40 } else { 200 });
    let elapsed = timed(at_once, runs, |number| {
        let store = Arc::clone(&store);
        async move {
            let workflow = workflow(&store, format!("run-{number}"));
            let end = workflow
                .orchestrate(State::S0, CancellationToken::disabled())
                .await;
            assert!(matches!(end, Ok(State::S9)), "{end:?}");
        }
    })
    .await;
    Rate {
        transitions: transitions_a_second(runs, elapsed),
        rows_a_flush: None,
    }
}
