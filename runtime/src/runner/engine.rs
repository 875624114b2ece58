//! Keeps the runs of one workflow under way: claims what is due, keeps the claims alive, and lets go of them.
//!
//! It knows neither the types of the workflow nor those of its context: that is the [`Host`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, info, warn};

use super::ends::{Birth, Ends};
use super::error::{Differs, StartError};
use super::host::{Flight, Host, Settled};
use super::ledger::{Ledger, Loss};
use super::settings::Settings;
use crate::key::RunId;
use crate::store::{Claim, Claimed, Created, Heartbeat, NewRun, Stop, Store, StoreError};

/// The runs of one workflow in this process.
pub(super) struct Engine {
    pub(super) workflow: &'static str,
    pub(super) store: Arc<dyn Store>,
    pub(super) settings: Arc<Settings>,
    host: Arc<dyn Host>,
    flights: Mutex<HashMap<RunId, Held>>,
    pub(super) ends: Ends,
    places: Arc<Semaphore>,
    tasks: TaskTracker,
    /// Something may be due.
    wake: Notify,
    /// A run is driven here no longer.
    landed: Notify,
    /// The claims of runs that were stopped where they were.
    stranded: Mutex<Vec<Arc<Ledger>>>,
    /// Fires when no run is to begin any more, and those under way are to be given back at their next boundary.
    draining: CancellationToken,
    /// Fires when nothing goes on.
    stopped: CancellationToken,
}

/// A run that is driven here.
struct Held {
    epoch: u64,
    ledger: Arc<Ledger>,
    cancellation: CancellationToken,
    termination: CancellationToken,
}

/// So many runs are claimed at once.
const PAGE: usize = 256;

/// After a claim that failed, the next is tried when this has passed.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// A runner that shuts down waits so long for the store to take back what is left.
const STORE_ANSWERS: Duration = Duration::from_secs(5);

impl Engine {
    pub(super) fn new(store: Arc<dyn Store>, settings: Settings, host: Arc<dyn Host>) -> Arc<Self> {
        let engine = Arc::new(Engine {
            workflow: host.workflow(),
            store,
            host,
            flights: Mutex::default(),
            ends: Ends::default(),
            places: Arc::new(Semaphore::new(settings.max_in_flight)),
            settings: Arc::new(settings),
            tasks: TaskTracker::new(),
            wake: Notify::new(),
            landed: Notify::new(),
            stranded: Mutex::default(),
            draining: CancellationToken::new(),
            stopped: CancellationToken::new(),
        });
        engine.spawn(Arc::clone(&engine).keep_claiming());
        engine.spawn(Arc::clone(&engine).keep_claims());
        engine
    }

    /// Runs something until nothing goes on.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stopped = self.stopped.clone();
        self.tasks.spawn(async move {
            stopped.run_until_cancelled(task).await;
        });
    }

    fn flights(&self) -> MutexGuard<'_, HashMap<RunId, Held>> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether no run is to begin any more.
    pub(super) fn is_closed(&self) -> bool {
        self.draining.is_cancelled()
    }

    /// When nothing goes on any more.
    pub(super) async fn stopped(&self) {
        self.stopped.cancelled().await;
    }

    /// A place for one more run, if there is one.
    pub(super) fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).try_acquire_owned().ok()
    }

    /// Something may be due.
    pub(super) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Tells a run that is driven here under this claim to stop; others hear it from the store.
    pub(super) fn tell(&self, run: &RunId, epoch: u64, stop: Stop) {
        match self.flights().get(run) {
            Some(held) if held.epoch == epoch => held.tell(stop),
            _ => self.wake(),
        }
    }

    /// Whether this run is driven here.
    pub(super) fn drives(&self, run: &RunId) -> bool {
        self.flights().contains_key(run)
    }

    /// Adds a run and drives it, if there is a place; otherwise it is claimed when there is one.
    ///
    /// Gives when the run was started.
    pub(super) async fn start(self: &Arc<Self>, mut new: NewRun) -> Result<Birth, StartError> {
        let place = self.place();
        new.lease = place
            .as_ref()
            .map(|_| self.settings.clock.after(self.settings.lease));
        // On a task of its own: a run that was added is driven, also if nobody waits for the answer any more.
        let (answer, answered) = oneshot::channel();
        let engine = Arc::clone(self);
        self.tasks.spawn(async move {
            if engine.is_closed() {
                return;
            }
            let created = engine.store.create(new.clone()).await;
            let created = created.map_err(StartError::Store);
            let started = created.and_then(|created| engine.started(new, created, place));
            let (birth, flight) = match started {
                Ok((birth, flight)) => (Ok(birth), flight),
                Err(error) => (Err(error), None),
            };
            let _ = answer.send(birth);
            if let Some(flight) = flight {
                engine.stopped.run_until_cancelled(flight).await;
            }
        });
        answered.await.unwrap_or(Err(StartError::ShutDown))
    }

    /// When the run was started, and its flight, if it was added just now and has a place.
    fn started(
        self: &Arc<Self>,
        new: NewRun,
        created: Created,
        place: Option<OwnedSemaphorePermit>,
    ) -> Result<(Birth, Option<impl Future<Output = ()> + use<>>), StartError> {
        let run = new.id;
        let (row, input, state, payload) = match created {
            Created::New(row) => {
                let birth = Birth::at(row.started);
                let Some(place) = place else {
                    self.wake();
                    return Ok((birth, None));
                };
                let claimed = Claimed {
                    row,
                    input: new.input,
                    payload: new.payload,
                    notes: Vec::new(),
                    inbox: Vec::new(),
                };
                return Ok((birth, Some(self.drive(claimed, place))));
            }
            Created::Known {
                row,
                input,
                state,
                payload,
            } => (row, input, state, payload),
        };
        let codec = &*self.settings.codec;
        // What an older program has stored may lack a field that this one writes.
        let same = |stored: &[u8], new: &[u8], again: &dyn Fn() -> Option<Vec<u8>>| {
            codec.is_same(stored, new) || again().is_some_and(|again| codec.is_same(&again, new))
        };
        let host = &self.host;
        let differs = if row.workflow != new.workflow {
            Differs::Workflow
        } else if !same(&input, &new.input, &|| host.input_again(&input, codec)) {
            Differs::Input
        } else if state != new.state
            || !same(&payload, &new.payload, &|| {
                host.state_again(&state, &payload, codec)
            })
        {
            Differs::Start
        } else {
            return Ok((Birth::at(row.started), None));
        };
        Err(StartError::Conflict { run, differs })
    }

    /// Takes a claimed run up. It is driven by the future, which runs [until nothing goes on](Self::spawn).
    fn drive(
        self: &Arc<Self>,
        mut claimed: Claimed,
        place: OwnedSemaphorePermit,
    ) -> impl Future<Output = ()> + use<> {
        let run = claimed.row.id.clone();
        let (epoch, state) = (claimed.row.epoch, &claimed.row.state);
        debug!(workflow = self.workflow, %run, %state, epoch, "run taken up");
        let (ledger, loss) = Ledger::new(
            Arc::clone(&self.store),
            Arc::clone(&self.settings),
            self.draining.clone(),
            &mut claimed,
        );
        let held = Held {
            epoch,
            ledger: Arc::clone(&ledger),
            cancellation: CancellationToken::new(),
            termination: CancellationToken::new(),
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
        };
        // One that was lost and claimed again is another flight.
        self.flights().insert(run.clone(), held);
        self.ends.taken_up(&run);
        let landing = Landing {
            engine: Arc::clone(self),
            run,
            epoch,
            ledger,
            settled: None,
            _place: place,
        };
        let driven = Arc::clone(&self.host).drive(flight);
        async move {
            let settled = driven.await;
            landing.settle(settled);
        }
    }

    /// Claims what is due, as long as there are places for it.
    async fn keep_claiming(self: Arc<Self>) {
        let engine = Arc::clone(&self);
        let claiming = async move {
            let mut pause = Duration::ZERO;
            loop {
                let place = Arc::clone(&engine.places).acquire_owned().await;
                let place = place.unwrap_or_else(|_| unreachable!("nobody closes it"));
                match engine.claim(place).await {
                    Ok(0) => {
                        pause = Duration::ZERO;
                        engine.idle().await;
                    }
                    Ok(_) => pause = Duration::ZERO,
                    Err(error) => {
                        warn!(workflow = engine.workflow, %error, "runs cannot be claimed");
                        let longest = engine.settings.lease.max(FIRST_PAUSE);
                        pause = (pause * 2).clamp(FIRST_PAUSE, longest);
                        sleep(pause).await;
                    }
                }
            }
        };
        self.draining.run_until_cancelled(claiming).await;
    }

    /// Claims as many runs as there are places, with one at hand. Says how many.
    async fn claim(self: &Arc<Self>, place: OwnedSemaphorePermit) -> Result<usize, StoreError> {
        let mut places = vec![place];
        while places.len() < PAGE
            && let Some(place) = self.place()
        {
            places.push(place);
        }
        let now = self.settings.clock.now();
        let claim = Claim {
            workflow: self.workflow.to_owned(),
            now,
            lease: self.settings.clock.after(self.settings.lease),
            limit: places.len(),
        };
        // On a task of its own, since what is claimed has to be driven, or given back.
        let (engine, store) = (Arc::clone(self), Arc::clone(&self.store));
        let claimed = self.tasks.spawn(async move {
            let claimed = store.claim(claim).await?;
            let count = claimed.len();
            for (claimed, place) in claimed.into_iter().zip(places) {
                engine.spawn(engine.drive(claimed, place));
            }
            Ok(count)
        });
        claimed.await.unwrap_or(Ok(0))
    }

    /// Waits until something may be due.
    async fn idle(&self) {
        let next = self.store.next_due(self.workflow).await.ok().flatten();
        let wait = next.map_or(self.settings.poll, |next| {
            let until = self.settings.clock.until(next);
            until.min(self.settings.poll)
        });
        // Not at once again, where the clocks differ.
        let wait = wait.max(Duration::from_millis(1));
        let _ = timeout(wait, self.wake.notified()).await;
    }

    /// Keeps the claims alive, and hears what there is to hear about them.
    async fn keep_claims(self: Arc<Self>) {
        loop {
            sleep(self.settings.lease / 3).await;
            self.ends.tidy();
            let claims: Vec<_> = {
                let flights = self.flights();
                flights
                    .iter()
                    .map(|(run, held)| (run.clone(), held.epoch))
                    .collect()
            };
            if claims.is_empty() {
                continue;
            }
            let lease = self.settings.clock.after(self.settings.lease);
            let heartbeat = Heartbeat {
                claims: claims.clone(),
                lease,
            };
            let beats = match self.store.heartbeat(heartbeat).await {
                Ok(beats) => beats,
                Err(error) => {
                    // The fence holds, whatever becomes of the leases.
                    warn!(workflow = self.workflow, %error, "leases cannot be extended");
                    continue;
                }
            };
            let epochs: HashMap<_, _> = claims.into_iter().collect();
            let flights = self.flights();
            for beat in beats {
                let Some(held) = flights.get(&beat.run) else {
                    continue;
                };
                // Another flight, or another run of this id, has not been asked about.
                if epochs.get(&beat.run) != Some(&held.epoch) {
                    continue;
                }
                if beat.is_lost {
                    held.ledger.lose(Loss::Fenced);
                }
                if let Some(stop) = beat.stop {
                    held.tell(stop);
                }
            }
        }
    }

    /// Lets every run go to its next boundary, and gives them all back.
    pub(super) async fn shut_down(&self, within: Duration) {
        self.draining.cancel();
        self.tasks.close();
        let drained = async {
            loop {
                let landed = self.landed.notified();
                if self.flights().is_empty() {
                    return;
                }
                landed.await;
            }
        };
        if timeout(within, drained).await.is_err() {
            let left = self.flights().len();
            warn!(
                workflow = self.workflow,
                left, "runs are stopped where they are"
            );
        }
        self.stopped.cancel();
        if timeout(STORE_ANSWERS, self.give_back()).await.is_err() {
            warn!(
                workflow = self.workflow,
                "the store does not answer: what is left is claimed when its lease has passed"
            );
        }
    }

    /// Gives back what was stopped where it was, also what was just being claimed.
    async fn give_back(&self) {
        self.tasks.wait().await;
        let stranded = std::mem::take(&mut *self.stranded());
        // Together, so that they share their flushes.
        let mut back = JoinSet::new();
        for ledger in stranded {
            back.spawn(async move { ledger.let_go().await });
        }
        while let Some(let_go) = back.join_next().await {
            if let Ok(Err(error)) = let_go {
                debug!(workflow = self.workflow, %error, "a run is claimed when its lease has passed");
            }
        }
    }

    fn stranded(&self) -> MutexGuard<'_, Vec<Arc<Ledger>>> {
        self.stranded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stops everything where it is.
    pub(super) fn stop(&self) {
        self.draining.cancel();
        self.stopped.cancel();
    }
}

impl Held {
    fn tell(&self, stop: Stop) {
        match stop {
            Stop::Cancel => self.cancellation.cancel(),
            Stop::Terminate => self.termination.cancel(),
        }
    }
}

/// Takes a run off the list when it is driven no longer, however that comes.
struct Landing {
    engine: Arc<Engine>,
    run: RunId,
    epoch: u64,
    ledger: Arc<Ledger>,
    /// What became of it; nothing if it was stopped where it is.
    settled: Option<Settled>,
    _place: OwnedSemaphorePermit,
}

impl Landing {
    fn settle(mut self, settled: Settled) {
        let (workflow, run) = (self.engine.workflow, &self.run);
        match &settled {
            Settled::Ended => debug!(workflow, %run, "run ended"),
            Settled::Lost(Loss::Released) => debug!(workflow, %run, "run given back"),
            Settled::Lost(Loss::Fenced) => info!(workflow, %run, "run claimed by another"),
            Settled::Lost(Loss::Parked(reason)) => warn!(workflow, %run, reason, "run parked"),
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
            let ledger = Arc::clone(&self.ledger);
            self.engine.stranded().push(ledger);
        }
        drop(flights);
        self.engine.landed.notify_waiters();
        self.engine.ends.landed(&self.run, self.ledger.reached());
        // One that goes on elsewhere or later may be due before what is waited for.
        if !matches!(self.settled, Some(Settled::Ended)) {
            self.engine.wake();
        }
    }
}
