//! A store whose answers come when a test lets them, as those of a server may.

use std::sync::Arc;

use stateway::store::{Commit, Hold, Request, Stop, Store, StoreFuture};
use stateway::{MemoryStore, RunId};
use tokio::sync::Semaphore;

/// The clones of one are the same store.
#[derive(Clone, Default)]
pub(crate) struct Late {
    store: Arc<MemoryStore>,
    ends: Answers,
    stops: Answers,
}

/// The answers to one operation. None is late unless that is asked for.
#[derive(Clone, Default)]
struct Answers(Option<Arc<Semaphore>>);

impl Answers {
    fn late() -> Self {
        Answers(Some(Arc::new(Semaphore::new(0))))
    }

    /// Waits until one is given.
    async fn wait(&self) {
        if let Some(answers) = &self.0 {
            let answer = answers.acquire().await;
            answer.expect("nobody closes it").forget();
        }
    }

    fn give(&self) {
        if let Some(answers) = &self.0 {
            answers.add_permits(1);
        }
    }
}

impl Late {
    /// Its answers to commits that end a run are late.
    pub(crate) fn with_ends() -> Self {
        Late {
            ends: Answers::late(),
            ..Late::default()
        }
    }

    /// Its answers to requests to stop are late.
    pub(crate) fn with_stops() -> Self {
        Late {
            stops: Answers::late(),
            ..Late::default()
        }
    }

    /// Gives one answer that is late.
    pub(crate) fn answer(&self) {
        self.ends.give();
        self.stops.give();
    }
}

impl Store for Late {
    fn commit(&self, commit: Commit) -> StoreFuture<'_, Hold> {
        Box::pin(async move {
            let ends = commit.status.is_ended();
            let hold = self.store.commit(commit).await?;
            if ends {
                self.ends.wait().await;
            }
            Ok(hold)
        })
    }

    fn stop(&self, run: &RunId, stop: Stop, request: Request) -> StoreFuture<'_, ()> {
        let run = run.clone();
        Box::pin(async move {
            self.store.stop(&run, stop, request).await?;
            self.stops.wait().await;
            Ok(())
        })
    }

    passed_on!();
}
