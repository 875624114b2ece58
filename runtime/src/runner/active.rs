//! The runs that are driven in this process, each under one claim.

use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use tracing::{debug, info, warn};

use super::engine::Engine;
use super::host::{Flight, Settled};
use super::ledger::{Ledger, Loss};
use crate::key::RunId;
use crate::store::{Claimed, Stop, StoreError};

/// A run that is driven here.
#[derive(Clone)]
pub(super) struct Active {
    pub(super) epoch: u64,
    pub(super) ledger: Arc<Ledger>,
    cancellation: CancellationToken,
    termination: CancellationToken,
    /// The tasks of its branches.
    tasks: TaskTracker,
    /// Fires when nothing of it is called any more, but for those tasks.
    gone: CancellationToken,
}

impl Active {
    pub(super) fn tell(&self, stop: Stop) {
        match stop {
            Stop::Cancel => self.cancellation.cancel(),
            Stop::Terminate => self.termination.cancel(),
        }
    }

    /// Waits until nothing of it is called any more.
    async fn gone(&self) {
        self.gone.cancelled().await;
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl Engine {
    /// Takes a claimed run up. It is driven by the future, which runs [until nothing goes on](Self::spawn).
    pub(super) fn drive(
        self: &Arc<Self>,
        mut claimed: Claimed,
        place: OwnedSemaphorePermit,
    ) -> impl Future<Output = ()> + use<> {
        let run = claimed.row.id.clone();
        let (epoch, state) = (claimed.row.epoch, &claimed.row.state);
        debug!(workflow = self.workflow, %run, %state, epoch, "run taken up");
        let crashes = claimed.row.crashes;
        let suspicion = (crashes > 0).then(|| self.suspected.add(crashes));
        let (ledger, loss) = Ledger::new(
            Arc::clone(&self.store),
            Arc::clone(&self.settings),
            self.draining.clone(),
            Arc::clone(&self.wake),
            suspicion,
            &mut claimed,
        );
        let held = Active {
            epoch,
            ledger: Arc::clone(&ledger),
            cancellation: CancellationToken::new(),
            termination: CancellationToken::new(),
            tasks: TaskTracker::new(),
            gone: CancellationToken::new(),
        };
        if let Some(stop) = claimed.row.stop {
            held.tell(stop);
        }
        let flight = Flight {
            claimed,
            ledger: Arc::clone(&ledger),
            loss,
            cancellation: held.cancellation.clone(),
            termination: held.termination.clone(),
            tasks: held.tasks.clone(),
        };
        let gone = held.gone.clone();
        // One that was lost and claimed again is another flight.
        let before = self.flights().insert(run.clone(), held.clone());
        if let Some(before) = &before {
            before.ledger.lose(Loss::Fenced);
        }
        let rivals = self.rivals(&run, ledger.incarnation());
        self.ends.taken_up(&run);
        let landing = Landing {
            engine: Arc::clone(self),
            run,
            epoch,
            ledger,
            tasks: held.tasks.clone(),
            settled: None,
            _place: place,
            _gone: gone.drop_guard(),
        };
        let driven = Arc::clone(&self.host).drive(flight);
        let engine = Arc::clone(self);
        async move {
            // No two handlers of one visit are called at once in one process.
            if let Some(before) = before {
                before.gone().await;
            }
            for rival in &rivals {
                engine.outlast(&held, rival).await;
            }
            let settled = driven.await;
            if matches!(settled, Settled::Ended) {
                // Who waits for the end does not wait for a branch of a terminated run that still computes.
                landing.tell();
            }
            // On the list until then, where whoever takes it up finds it: one that has ended may be rolled back again.
            held.tasks.close();
            held.tasks.wait().await;
            landing.settle(settled);
        }
    }

    /// Lets the one of two flights of a run in two engines of this process go on that has the later claim. The other
    /// hears at once that it is lost, and not with its next heartbeat.
    async fn outlast(&self, held: &Active, (engine, rival): &(Arc<Engine>, Active)) {
        if rival.epoch > held.epoch {
            held.ledger.check().await;
        } else if !rival.ledger.check().await {
            if engine.runtime.id() == self.runtime.id() {
                rival.gone().await;
            } else {
                // Nothing is polled on a runtime that nobody drives, and so nothing of it goes.
                let _ = timeout(self.settings.lease, rival.gone()).await;
            }
        }
    }
}

/// Takes a run off the list when it is driven no longer, however that comes.
struct Landing {
    engine: Arc<Engine>,
    run: RunId,
    epoch: u64,
    ledger: Arc<Ledger>,
    tasks: TaskTracker,
    /// What became of it; nothing if it was stopped where it is.
    settled: Option<Settled>,
    _place: OwnedSemaphorePermit,
    /// Dropped after what is driven.
    _gone: DropGuard,
}

impl Landing {
    /// Tells those who wait for the run that it is driven here no longer.
    fn tell(&self) {
        self.engine.ends.landed(&self.run, self.ledger.reached());
    }

    fn settle(mut self, settled: Settled) {
        let (workflow, run) = (self.engine.workflow, &self.run);
        match &settled {
            Settled::Ended => debug!(workflow, %run, "run ended"),
            Settled::Lost(Loss::Released) => debug!(workflow, %run, "run given back"),
            Settled::Lost(Loss::Fenced) => info!(workflow, %run, "run claimed by another"),
            Settled::Lost(Loss::Parked(reason)) => warn!(workflow, %run, reason, "run parked"),
            Settled::Lost(Loss::Store(error @ StoreError::Closed { .. })) => {
                self.engine.fail(error);
            }
            Settled::Lost(Loss::Store(error)) => {
                warn!(workflow, %run, %error, "run left in the store");
            }
        }
        self.settled = Some(settled);
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        let mut flights = self.engine.flights();
        if flights
            .get(&self.run)
            .is_some_and(|held| held.epoch == self.epoch)
        {
            flights.remove(&self.run);
        }
        if self.settled.is_none() {
            let stranded = (Arc::clone(&self.ledger), self.tasks.clone());
            self.engine.stranded().push(stranded);
        }
        drop(flights);
        self.ledger.clear();
        self.engine.landed.notify_waiters();
        self.tell();
        // One that goes on elsewhere or later may be due before what is waited for.
        if !matches!(self.settled, Some(Settled::Ended)) {
            self.engine.wake();
        }
    }
}
