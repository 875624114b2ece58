//! The ways in which a held run is released before it has ended: it waits, is parked or paused, or is let go of.

use std::sync::atomic::Ordering;
use std::time::SystemTime;

use super::{HeldRun, Loss, Recording, RunChange};
use crate::store::{Event, Failure, Fired, Release, Status, StoreError, Wait};

impl HeldRun {
    /// Parks the run. Returns the reason why it is not driven any longer: this, or an event in between.
    pub(in crate::runner) async fn park(&self, reason: &str) -> Loss {
        let (parks, reason) = self.parks(reason);
        match self.change(self.commit(parks)).await {
            Ok(_) => Loss::Parked(reason),
            Err(loss) => loss,
        }
    }

    /// Pauses the run, whose last attempt has failed. Returns the reason why it is not driven any longer, as [`park`](HeldRun::park) does.
    pub(in crate::runner) async fn pause(&self, failure: Failure) -> Loss {
        let paused = RunChange::new(Event::Paused, Status::Paused).because(failure);
        match self.change(self.commit(paused)).await {
            Ok(_) => Loss::Paused,
            Err(loss) => loss,
        }
    }

    /// Returns the change that parks the run, and the reason as it is stored.
    pub(super) fn parks(&self, reason: &str) -> (RunChange, String) {
        let reason = self.keeper.settings.short(reason);
        let event = Event::Parked {
            reason: self.keeper.settings.encoded_text(&reason),
        };
        (RunChange::new(event, Status::Parked), reason)
    }

    /// Releases the run until it is due, or a message comes that is not known here. Returns the reason why it is not driven any longer,
    /// as [`park`](HeldRun::park) does.
    pub(in crate::runner) async fn wait(&self, due: Option<SystemTime>) -> Loss {
        self.give_back(self.back(due)).await
    }

    /// Like [`wait`](HeldRun::wait), after a poll was asked that leaves the run in its state, with the firings there.
    pub(in crate::runner) async fn wait_asked(
        &self,
        due: Option<SystemTime>,
        fired: Vec<Fired>,
    ) -> Loss {
        let release = Release {
            asked: Some(fired),
            ..self.back(due)
        };
        self.give_back(release).await
    }

    pub(super) async fn give_back(&self, release: Release) -> Loss {
        let _recording = Recording::new(&self.is_recording);
        match self
            .taken(|| self.keeper.store.release(release.clone()))
            .await
        {
            Ok(()) => Loss::Released,
            Err(loss) => loss,
        }
    }

    pub(super) fn back(&self, due: Option<SystemTime>) -> Release {
        let now = self.now();
        Release {
            until: self.until(due),
            ..Release::now(&self.state().row, now)
        }
    }

    /// Returns its wait. The deadline of its workflow may pass before it is due; a rollback has no deadline.
    pub(super) fn until(&self, due: Option<SystemTime>) -> Wait {
        let state = self.state();
        let up = state.up.filter(|_| state.row.status == Status::Running);
        drop(state);
        Wait {
            due: due.into_iter().chain(up).min(),
            messages: self.messages.load(Ordering::Relaxed),
        }
    }

    /// Releases the run after its future was dropped. A run that was in the middle of a commit may be fenced: then
    /// it is claimed when its lease has passed.
    pub(in crate::runner) async fn let_go(&self) -> Result<(), StoreError> {
        let release = self.back(Some(self.now()));
        self.keeper.store.release(release).await
    }
}
