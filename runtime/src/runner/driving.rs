//! Takes claimed runs up, drives them and lets go of them.

use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use tracing::{debug, info, warn};

use super::active::Active;
use super::engine::Engine;
use super::held::{HeldRun, Keeper, Loss};
use super::host::{RunTask, Settled};
use crate::run::RunId;
use crate::store::{Claimed, Name, StoreError};

impl Engine {
    /// Takes a claimed run up. The returned future drives it, [until the engine stops](Self::spawn).
    pub(super) fn drive(
        self: &Arc<Self>,
        asked: Instant,
        mut claimed: Claimed,
        place: OwnedSemaphorePermit,
    ) -> impl Future<Output = ()> + use<> {
        let (run, workflow) = (claimed.row.id.clone(), claimed.row.workflow.clone());
        let host = self.host(&workflow);
        let host = Arc::clone(host.expect("a store gives what was asked for"));
        let (epoch, state) = (claimed.row.epoch, &claimed.row.state);
        debug!(%workflow, %run, %state, epoch, "run taken up");
        let crashes = claimed.row.crashes;
        let suspicion = (crashes > 0).then(|| self.suspected.add(crashes));
        let keeper = Keeper {
            store: Arc::clone(&self.store),
            settings: Arc::clone(&self.settings),
            draining: self.draining.clone(),
            wake: Arc::clone(&self.wake),
            moves: Arc::clone(&self.moves),
            has_effects: host.has_effects(),
            keep_history: host.keep_history(),
        };
        let (held, loss) = HeldRun::new(keeper, suspicion, host.explain(), asked, &mut claimed);
        let active = Active {
            epoch,
            held: Arc::clone(&held),
            cancellation: CancellationToken::new(),
            termination: CancellationToken::new(),
            tasks: TaskTracker::new(),
            gone: CancellationToken::new(),
        };
        if let Some(stop) = claimed.row.stop {
            active.tell(stop);
        }
        let task = RunTask {
            claimed,
            held: Arc::clone(&held),
            loss,
            cancellation: active.cancellation.clone(),
            termination: active.termination.clone(),
            tasks: active.tasks.clone(),
        };
        let gone = active.gone.clone();
        // A run that was lost may be claimed again while its future still exists.
        let (before, asked) = {
            let mut list = self.active();
            let before = list.insert(run.clone(), active.clone());
            (before, self.takings.asked_of(&run, held.incarnation()))
        };
        for stop in asked {
            active.hear_of_a_stop(stop);
        }
        if let Some(before) = &before {
            before.held.lose(Loss::Fenced);
        }
        // Nobody was told of a message that came since the claim.
        held.hear_of_a_message();
        let rivals = self.rivals(&run, held.incarnation());
        self.ends.taken_up(&run);
        let guard = ActiveGuard {
            engine: Arc::clone(self),
            workflow,
            run,
            epoch,
            held,
            tasks: active.tasks.clone(),
            settled: None,
            _place: place,
            _gone: gone.drop_guard(),
        };
        let driven = host.drive(task);
        let engine = Arc::clone(self);
        async move {
            // No two handlers of one visit are called at once in one process.
            if let Some(before) = before {
                before.gone().await;
            }
            for rival in &rivals {
                engine.outlast(&active, rival).await;
            }
            let settled = driven.await;
            if matches!(settled, Settled::Ended) {
                // The end of a terminated run is told without waiting for a branch that still computes.
                guard.tell();
            }
            // It stays on the list until then, so that another claim finds it: a run that has ended may be rolled back again.
            active.tasks.close();
            active.tasks.wait().await;
            guard.settle(settled);
        }
    }

    /// Decides between two engines of this process that drive one run: the one with the later claim continues. The other
    /// hears at once that the run is lost, and not with its next heartbeat.
    async fn outlast(&self, active: &Active, (engine, rival): &(Arc<Engine>, Active)) {
        if rival.epoch > active.epoch {
            active.held.check().await;
        } else if !rival.held.check().await {
            if engine.runtime.id() == self.runtime.id() {
                rival.gone().await;
            } else {
                // A runtime that nobody drives polls nothing, so the rival may never go.
                let _ = timeout(self.settings.lease, rival.gone()).await;
            }
        }
    }
}

/// Takes a run off the list when it is not driven any longer, for whatever reason.
struct ActiveGuard {
    engine: Arc<Engine>,
    workflow: Name,
    run: RunId,
    epoch: u64,
    held: Arc<HeldRun>,
    tasks: TaskTracker,
    /// The outcome of driving it; `None` if it was stopped in place.
    settled: Option<Settled>,
    _place: OwnedSemaphorePermit,
    /// Dropped after the future that drives the run.
    _gone: DropGuard,
}

impl ActiveGuard {
    /// Tells those who wait for the run that it is not driven here any longer.
    fn tell(&self) {
        self.engine.ends.left(&self.run, self.held.reached());
    }

    fn settle(mut self, settled: Settled) {
        let (workflow, run) = (&*self.workflow, &self.run);
        match &settled {
            Settled::Ended => debug!(workflow, %run, "run ended"),
            Settled::Lost(Loss::Released) => debug!(workflow, %run, "run given back"),
            Settled::Lost(Loss::Paused) => info!(workflow, %run, "run paused"),
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

impl Drop for ActiveGuard {
    fn drop(&mut self) {
        let mut active = self.engine.active();
        if active
            .get(&self.run)
            .is_some_and(|it| it.epoch == self.epoch)
        {
            active.remove(&self.run);
        }
        if self.settled.is_none() {
            let stranded = (Arc::clone(&self.held), self.tasks.clone());
            self.engine.stranded().push(stranded);
        }
        drop(active);
        self.held.clear();
        self.engine.departed.notify_waiters();
        self.tell();
        // A run that continues elsewhere or later may be due before the time that the engine waits for.
        if !matches!(self.settled, Some(Settled::Ended)) {
            self.engine.wake();
        }
    }
}
