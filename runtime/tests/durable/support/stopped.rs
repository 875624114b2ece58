//! An order that is to be stopped in one of its handlers, and what it failed with.

use std::sync::Arc;

use stateway::prelude::*;
use stateway::runner::Run;
use stateway::{MemoryStore, RunFailure};

use super::shop::{Act, Order, OrderEnd, Placed, Shop, called, input, launch};

/// The run `o-1`, one of whose handlers has been called.
pub(crate) struct Scene {
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) shop: Shop,
    pub(crate) runner: Runner<Order>,
    pub(crate) run: Run<Order>,
}

impl Scene {
    /// Starts the run, whose handlers do so, and waits until the last of these is called.
    pub(crate) async fn at(acts: &[(&str, Act)]) -> Self {
        let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
        let runner = launch(&store, &shop).await;
        for (handler, act) in acts {
            shop.tell(handler, std::slice::from_ref(act));
        }
        let run = runner.start("o-1", input(), Placed).await.unwrap();
        if let Some((handler, _)) = acts.last() {
            called(&shop, &format!("{handler} o-1 1")).await;
        }
        Scene {
            store,
            shop,
            runner,
            run,
        }
    }

    /// Drops the runner, as if its process died, and launches another.
    pub(crate) async fn restart(self) -> Self {
        let Scene {
            store,
            shop,
            runner,
            run,
        } = self;
        drop((runner, run));
        let runner = launch(&store, &shop).await;
        let run = runner.get("o-1").await.unwrap().unwrap();
        Scene {
            store,
            shop,
            runner,
            run,
        }
    }
}

/// The failure of a run.
pub(crate) fn failure(ended: Result<OrderEnd, EndError>) -> Box<RunFailure> {
    match ended {
        Err(EndError::Failed(failure)) => failure,
        other => panic!("it failed: {other:?}"),
    }
}

/// The handlers that have undone what a run did.
pub(crate) fn undone(ended: Result<OrderEnd, EndError>) -> Vec<&'static str> {
    let failure = failure(ended);
    failure
        .rollback
        .undone
        .iter()
        .map(|it| it.handler)
        .collect()
}
