//! A store whose answers come when a test lets them, as those of a server may.

use std::sync::Arc;

use stateway::store::{
    Claim, Claims, Commit, Found, Hold, Note, Request, Stop, Store, StoreFuture,
};
use stateway::{MemoryStore, RunId};
use tokio::sync::Semaphore;

/// The clones of one are the same store.
#[derive(Clone, Default)]
pub(crate) struct Late {
    store: Arc<MemoryStore>,
    ends: Answers,
    stops: Answers,
    claims: Answers,
    finds: Answers,
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

    /// Its answers to claims that take something are late.
    pub(crate) fn with_claims(self) -> Self {
        let claims = Answers::late();
        Late { claims, ..self }
    }

    /// Its answers to who looks for a run are late, and out of date.
    pub(crate) fn with_finds(self) -> Self {
        let finds = Answers::late();
        Late { finds, ..self }
    }

    /// Gives one answer that is late.
    pub(crate) fn answer(&self) {
        self.ends.give();
        self.stops.give();
        self.claims.give();
        self.finds.give();
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

    fn claim(&self, claim: Claim) -> StoreFuture<'_, Claims> {
        Box::pin(async move {
            let claims = self.store.claim(claim).await?;
            if !claims.taken.is_empty() {
                self.claims.wait().await;
            }
            Ok(claims)
        })
    }

    fn get(&self, run: &RunId) -> StoreFuture<'_, Option<Found>> {
        let run = run.clone();
        Box::pin(async move {
            let found = self.store.get(&run).await?;
            self.finds.wait().await;
            Ok(found)
        })
    }

    passed_on! { note(note: Note) -> Hold; }
    passed_on! { @but_claims }
}
