//! The engine of a runner: claims runs that are due, keeps the claims alive, and releases them.
//!
//! It knows neither the types of workflows nor those of their contexts; the [hosts](Host) do.

use std::any::type_name;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, error, warn};

use super::active::Active;
use super::ends::Ends;
use super::error::StartError;
use super::held::{HeldRun, Loss};
use super::host::Host;
use super::moves::Moves;
use super::pulse::Pulse;
use super::settings::Settings;
use super::suspected::Suspected;
use super::takings::Takings;
use crate::payload::durable::Durable;
use crate::run::RunId;
use crate::store::{
    Claim, Heartbeat, Holder, Lease, Release, RunRow, Stop, Store, StoreError, WorkflowVersions,
};

/// Drives the runs of some workflows in this process.
pub(super) struct Engine {
    /// The hosts of the workflows, by the names that their runs are stored under.
    hosts: HashMap<&'static str, Arc<dyn Host>>,
    /// The versions of workflows that it claims.
    known: Arc<[WorkflowVersions]>,
    pub(super) store: Arc<dyn Store>,
    pub(super) settings: Arc<Settings>,
    holder: Holder,
    /// The runtime of the launch. All runs are driven there, also those that are started from another.
    pub(super) runtime: Handle,
    active: Mutex<HashMap<RunId, Active>>,
    /// Locked after `active`.
    pub(super) takings: Arc<Takings>,
    pub(super) ends: Ends,
    pub(super) moves: Arc<Moves>,
    places: Arc<Semaphore>,
    pub(super) tasks: TaskTracker,
    pub(super) suspected: Arc<Suspected>,
    /// Notified when something may be due.
    pub(super) wake: Arc<Notify>,
    /// Notified when a run is not driven here any longer.
    pub(super) departed: Notify,
    /// The claims of runs that were stopped in place, and the tasks of their branches.
    stranded: Mutex<Vec<Stranded>>,
    /// Fires when no run is to begin any more, and the driven runs are to be released at their next boundary.
    pub(super) draining: CancellationToken,
    /// Fires when everything stops in place.
    pub(super) stopped: CancellationToken,
    /// The reason why the store will never answer again.
    failed: OnceLock<String>,
    pulse: Pulse,
}

type Stranded = (Arc<HeldRun>, TaskTracker);

/// The largest number of runs that one claim takes.
const PAGE: usize = 256;

/// The pause after a claim that failed.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// The time that a runner that shuts down waits for the store to take back the rest of its runs.
const STORE_ANSWERS: Duration = Duration::from_secs(5);

impl Engine {
    pub(super) fn new(
        store: Arc<dyn Store>,
        settings: Settings,
        hosts: Vec<Arc<dyn Host>>,
    ) -> Arc<Self> {
        let engine = Arc::new(Engine {
            known: hosts.iter().map(|host| host.known()).collect(),
            hosts: hosts
                .into_iter()
                .map(|host| (host.workflow(), host))
                .collect(),
            store,
            holder: Holder::unique(),
            runtime: Handle::current(),
            active: Mutex::default(),
            takings: Arc::default(),
            ends: Ends::default(),
            moves: Arc::default(),
            places: Arc::new(Semaphore::new(settings.max_in_flight)),
            pulse: Pulse::new(settings.lease),
            settings: Arc::new(settings),
            tasks: TaskTracker::new(),
            suspected: Arc::default(),
            wake: Arc::default(),
            departed: Notify::new(),
            stranded: Mutex::default(),
            draining: CancellationToken::new(),
            stopped: CancellationToken::new(),
            failed: OnceLock::new(),
        });
        engine.join();
        engine.spawn(Arc::clone(&engine).keep_claiming());
        engine.spawn(Arc::clone(&engine).keep_claims());
        engine
    }

    /// Returns the host of a workflow.
    pub(super) fn host(&self, workflow: &str) -> Option<&Arc<dyn Host>> {
        self.hosts.get(workflow)
    }

    /// Returns the names under which the runs are stored that are driven here.
    pub(super) fn workflows(&self) -> Vec<&'static str> {
        let mut names: Vec<_> = self.hosts.keys().copied().collect();
        names.sort_unstable();
        names
    }

    /// Returns true if runs of this workflow are driven here, and not those of another one of the same name.
    pub(super) fn drives_runs_of<W: Durable>(&self) -> bool {
        let host = self.host(W::NAME);
        host.is_some_and(|host| host.declaration().path == type_name::<W>())
    }

    /// Runs a task until the engine stops.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stopped = self.stopped.clone();
        let task = async move {
            stopped.run_until_cancelled(task).await;
        };
        self.tasks.spawn_on(task, &self.runtime);
    }

    pub(super) fn lease(&self) -> Lease {
        Lease {
            holder: self.holder,
            duration: self.settings.lease,
        }
    }

    pub(super) fn active(&self) -> MutexGuard<'_, HashMap<RunId, Active>> {
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns true if no run is to begin any more.
    pub(super) fn is_closed(&self) -> bool {
        self.draining.is_cancelled()
    }

    /// Returns the reason why no run can be started any more.
    pub(super) fn refusal(&self) -> StartError {
        match self.failed.get() {
            Some(reason) => StartError::Store(StoreError::Closed {
                reason: Some(reason.clone()),
            }),
            None => StartError::ShutDown,
        }
    }

    /// Waits until the engine has stopped.
    pub(super) async fn stopped(&self) {
        self.stopped.cancelled().await;
    }

    /// Returns a place for one more run, if there is one.
    pub(super) fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).try_acquire_owned().ok()
    }

    /// Wakes the engine, because something may be due.
    pub(super) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Tells a run that is driven here to stop, and not another with its id. Other engines hear of the request from the store.
    pub(super) fn tell(&self, run: &RunId, incarnation: u64, stop: Stop) {
        let active = self.active();
        // A run that is driven here may be lost, and just be taken up again.
        self.takings.keep(run, incarnation, stop);
        match active.get(run) {
            Some(held) if held.held.incarnation() == incarnation => held.hear_of_a_stop(stop),
            _ => self.wake(),
        }
    }

    /// Tells a run, if it is driven here, that it is to pause, or that the request was withdrawn.
    pub(super) fn tell_to_pause(&self, run: &RunId, pauses: bool) {
        if let Some(held) = self.active().get(run) {
            held.held.hear_of_a_pause(pauses);
        }
    }

    /// Tells a run, if it is driven here, to make its next attempt at once.
    pub(super) fn tell_to_retry(&self, run: &RunId) {
        match self.active().get(run) {
            Some(held) => held.held.hear_of_a_retry(),
            None => self.wake(),
        }
    }

    /// Tells a run, if it is driven here, of a message that may interrupt it.
    pub(super) fn tell_of_a_message(&self, run: &RunId) {
        if let Some(held) = self.active().get(run) {
            held.held.hear_of_a_message();
        }
    }

    /// Returns true if this run is driven here, and has not ended.
    pub(super) fn drives(&self, run: &RunId) -> bool {
        let active = self.active();
        active.get(run).is_some_and(|it| !it.held.has_ended())
    }

    /// Claims runs that are due, while there are places for them.
    async fn keep_claiming(self: Arc<Self>) {
        let engine = Arc::clone(&self);
        let claiming = async move {
            let mut pause = Duration::ZERO;
            loop {
                let place = Arc::clone(&engine.places)
                    .acquire_owned()
                    .await
                    .unwrap_or_else(|_| unreachable!("nobody closes it"));
                while let Some(rest) = engine.pulse.rest() {
                    sleep(rest).await;
                }
                match engine.claim(place).await {
                    Ok(ClaimOutcome::Runs) => pause = Duration::ZERO,
                    Ok(ClaimOutcome::Nothing { next }) => {
                        pause = Duration::ZERO;
                        engine.idle(next).await;
                    }
                    Err(error @ StoreError::Closed { .. }) => return engine.fail(&error),
                    Err(error) => {
                        warn!(workflows = ?engine.workflows(), %error, "runs cannot be claimed");
                        let longest = engine.settings.lease.max(FIRST_PAUSE);
                        pause = (pause * 2).clamp(FIRST_PAUSE, longest);
                        sleep(pause).await;
                    }
                }
            }
        };
        self.draining.run_until_cancelled(claiming).await;
    }

    /// Claims as many runs as there are places, with one place at hand.
    async fn claim(
        self: &Arc<Self>,
        mut places: OwnedSemaphorePermit,
    ) -> Result<ClaimOutcome, StoreError> {
        // All at once, because most claims find nothing and give them back. If another was faster, there is one place.
        let more = self.places.available_permits().min(PAGE - 1);
        let more = u32::try_from(more).unwrap_or(0);
        if let Ok(more) = Arc::clone(&self.places).try_acquire_many_owned(more) {
            places.merge(more);
        }
        let (now, asked) = (self.settings.clock.now(), Instant::now());
        let claim = Claim {
            workflows: Arc::clone(&self.known),
            now,
            lease: self.lease(),
            limit: places.num_permits(),
            suspects: self.suspected.under_way(&self.settings),
        };
        // On a task of its own, because a claimed run has to be driven or released.
        let (engine, store) = (Arc::clone(self), Arc::clone(&self.store));
        let claims = async move {
            let _taking = engine.takings.begin();
            let claims = store.claim(claim).await?;
            for row in claims.own {
                engine.disown(row);
            }
            if claims.taken.is_empty() {
                let next = claims.next;
                return Ok(ClaimOutcome::Nothing { next });
            }
            for claimed in claims.taken {
                // If a store returns more runs than it was asked for, the rest waits for its lease to end.
                let Some(place) = places.split(1) else { break };
                engine.spawn(engine.drive(asked, claimed, place));
            }
            Ok(ClaimOutcome::Runs)
        };
        let claims = self.tasks.spawn_on(claims, &self.runtime);
        claims
            .await
            .unwrap_or(Ok(ClaimOutcome::Nothing { next: None }))
    }

    /// Releases a run that this engine holds in the store and does not drive, because the answer to its claim was lost.
    fn disown(self: &Arc<Self>, row: RunRow) {
        let driven = self.active().get(&row.id).map(|held| held.epoch);
        if driven == Some(row.epoch) {
            return;
        }
        let (store, now) = (Arc::clone(&self.store), self.settings.clock.now());
        self.spawn(async move {
            // If it has moved on since, its future has just ended, or just begun.
            let _ = store.release(Release::now(&row, now)).await;
        });
    }

    /// Waits until something may be due, as long as the store says.
    async fn idle(&self, next: Option<Duration>) {
        let poll = self.settings.poll;
        let wait = next.map_or(poll, |next| next.min(poll));
        // Not at once again, if the clocks differ.
        let wait = wait.max(Duration::from_millis(1));
        let _ = timeout(wait, self.wake.notified()).await;
    }

    /// Keeps the claims alive, and hears the news about them.
    async fn keep_claims(self: Arc<Self>) {
        // Nothing continues here after its runtime is gone.
        let _stops = StopsWith(Arc::clone(&self));
        loop {
            sleep(self.settings.lease / 3).await;
            self.ends.tidy();
            self.moves.tidy();
            let (claims, mut pausing): (Vec<_>, HashMap<_, _>) = {
                let active = self.active();
                let claims = active.iter().map(|(run, held)| (run.clone(), held.epoch));
                // A request to pause that the store does not confirm was withdrawn.
                let pausing = active.iter().filter(|(_, held)| held.held.is_to_pause());
                let pausing = pausing.map(|(run, held)| (run.clone(), Arc::clone(&held.held)));
                (claims.collect(), pausing.collect())
            };
            if claims.is_empty() {
                self.pulse.beats();
                continue;
            }
            let heartbeat = Heartbeat {
                claims: claims.clone(),
                lease: self.settings.lease,
            };
            let beats = match self.store.heartbeat(heartbeat).await {
                Ok(beats) => beats,
                Err(error @ StoreError::Closed { .. }) => return self.fail(&error),
                Err(error) => {
                    // The fence holds, also if the leases pass.
                    warn!(workflows = ?self.workflows(), %error, "leases cannot be extended");
                    continue;
                }
            };
            self.pulse.beats();
            let epochs: HashMap<_, _> = claims.into_iter().collect();
            let active = self.active();
            for beat in beats {
                let Some(held) = active.get(&beat.run) else {
                    continue;
                };
                // The answer is not about another claim, or another run of this id.
                if epochs.get(&beat.run) != Some(&held.epoch) {
                    continue;
                }
                if beat.is_lost {
                    held.held.lose(Loss::Fenced);
                }
                if let Some(stop) = beat.stop {
                    held.tell(stop);
                }
                if beat.pause {
                    pausing.remove(&beat.run);
                    held.held.hear_of_a_pause(true);
                }
                if beat.retry {
                    held.held.hear_of_a_retry();
                }
                held.held.hear_of_messages(beat.messages);
            }
            drop(active);
            for held in pausing.into_values() {
                held.hear_of_a_pause(false);
            }
        }
    }

    /// Waits until every run has reached its next boundary, and releases them all.
    pub(super) async fn shut_down(&self, within: Duration) {
        self.draining.cancel();
        self.tasks.close();
        let drained = async {
            loop {
                let departed = self.departed.notified();
                if self.active().is_empty() {
                    return;
                }
                departed.await;
            }
        };
        if timeout(within, drained).await.is_err() {
            let left = self.active().len();
            warn!(
                workflows = ?self.workflows(),
                left, "runs are stopped where they are"
            );
        }
        self.stopped.cancel();
        if timeout(STORE_ANSWERS, self.give_back()).await.is_err() {
            warn!(
                workflows = ?self.workflows(),
                "the store does not answer, or a branch does not end: what is left is claimed when its lease has passed"
            );
        }
    }

    /// Releases runs that were stopped in place, also those that were just being claimed.
    async fn give_back(&self) {
        self.tasks.wait().await;
        let stranded = std::mem::take(&mut *self.stranded());
        // Together, so that they share their flushes.
        let mut back = JoinSet::new();
        for (held, tasks) in stranded {
            back.spawn(async move {
                // Another engine that takes it up must not call a branch that is still computed here.
                tasks.close();
                tasks.wait().await;
                held.let_go().await
            });
        }
        while let Some(let_go) = back.join_next().await {
            if let Ok(Err(error)) = let_go {
                debug!(workflows = ?self.workflows(), %error, "a run is claimed when its lease has passed");
            }
        }
    }

    pub(super) fn stranded(&self) -> MutexGuard<'_, Vec<Stranded>> {
        self.stranded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stops everything, because the store will never answer again: handlers are dropped where they wait.
    pub(super) fn fail(&self, error: &StoreError) {
        let reason = match error {
            StoreError::Closed {
                reason: Some(reason),
            } => reason.clone(),
            error => error.to_string(),
        };
        if self.failed.set(reason).is_ok() {
            error!(workflows = ?self.workflows(), %error, "the store is gone, and every run with it: they continue when it is opened again");
        }
        self.stop();
    }

    /// Stops everything in place.
    pub(super) fn stop(&self) {
        self.draining.cancel();
        self.stopped.cancel();
    }
}

/// The outcome of a claim.
enum ClaimOutcome {
    Runs,
    Nothing {
        /// The time until there may be something.
        next: Option<Duration>,
    },
}

/// Stops the engine when it is dropped.
struct StopsWith(Arc<Engine>);

impl Drop for StopsWith {
    fn drop(&mut self) {
        self.0.stop();
    }
}
