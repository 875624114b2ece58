//! Adds a run to the store, and drives it at once if there is a place.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::time::Instant;

use super::again::Origin;
use super::engine::Engine;
use super::error::{Differs, StartError};
use crate::store::{Claimed, Created, NewRun};

impl Engine {
    /// Adds a run and drives it, if there is a place. If not, it is claimed when there is one.
    ///
    /// Returns its incarnation, and true if it was added. `asked` is when the times of the run were set.
    pub(super) async fn start(
        self: &Arc<Self>,
        mut new: NewRun,
        asked: Instant,
    ) -> Result<(u64, bool), StartError> {
        // A run that is due later is claimed then.
        let is_due = new.due.is_none_or(|due| due <= new.at);
        let place = is_due.then(|| self.place()).flatten();
        new.lease = place.as_ref().map(|_| self.lease());
        // On a task of its own, because a run that was added is driven also if nobody waits for the answer any more.
        let (answer, answered) = oneshot::channel();
        let engine = Arc::clone(self);
        let starts = async move {
            if engine.is_closed() {
                return;
            }
            let taking = engine.takings.begin();
            let created = engine
                .store
                .create(new.clone())
                .await
                .map_err(StartError::Store);
            let started = created.and_then(|created| engine.started(new, asked, created, place));
            drop(taking);
            let (started, driven) = match started {
                Ok((started, driven)) => (Ok(started), driven),
                Err(error) => (Err(error), None),
            };
            let _ = answer.send(started);
            if let Some(driven) = driven {
                engine.stopped.run_until_cancelled(driven).await;
            }
        };
        self.tasks.spawn_on(starts, &self.runtime);
        answered.await.unwrap_or_else(|_| Err(self.refusal()))
    }

    /// Returns the incarnation of the run, true if it is new, and the future that drives it, if it was added just now and has a place.
    fn started(
        self: &Arc<Self>,
        new: NewRun,
        asked: Instant,
        created: Created,
        place: Option<OwnedSemaphorePermit>,
    ) -> Result<((u64, bool), Option<impl Future<Output = ()> + use<>>), StartError> {
        let (row, stored) = match created {
            Created::New(row) => {
                let incarnation = row.incarnation;
                let Some(place) = place else {
                    self.wake();
                    return Ok(((incarnation, true), None));
                };
                let claimed = Claimed {
                    now: row.started,
                    row,
                    input: new.input,
                    payload: new.payload,
                    trace: new.trace,
                    notes: Vec::new(),
                    inbox: new.messages,
                };
                return Ok(((incarnation, true), Some(self.drive(asked, claimed, place))));
            }
            Created::Known {
                row,
                input,
                state,
                payload,
            } => {
                let stored = Origin {
                    input,
                    state,
                    payload,
                };
                (row, stored)
            }
        };
        let differs = if row.workflow == new.workflow {
            let host = self
                .host(&new.workflow)
                .expect("it is one of ours that is started");
            host.differs(&stored, &new, &*self.settings.codec)
        } else {
            Some(Differs::Workflow)
        };
        let Some(differs) = differs else {
            return Ok(((row.incarnation, false), None));
        };
        let run = new.id;
        Err(StartError::Conflict { run, differs })
    }
}
