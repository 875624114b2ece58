//! A runner before it is launched.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::engine::Engine;
use super::error::StoredError;
use super::host::{Handlers, Host};
use super::launch::Launch;
use super::launch_error::LaunchError;
use super::runners::Runners;
use super::settings::Settings;
use super::{Runner, StopOnDrop};
use crate::driver::Drive;
use crate::payload::codec::Codec;
use crate::payload::durable::Durable;
use crate::store::{Declaration, Declared, Store};
use crate::support::clock::Clock;

// Without a bound of its own, so that a workflow that is not durable is reported in our words.
impl<W> Runner<W> {
    /// A runner whose runs are handled by `context`, to be given a [`store`](Builder::store) and launched.
    ///
    /// The errors of the handlers are stored as texts, so they have to be `Display`.
    pub fn builder<C>(context: C) -> Builder<Runner<W>, ()>
    where
        W: Drive<C, Error: StoredError> + Durable<State: Send, Input: Send + Sync, End: Send>,
        C: Send + Sync + 'static,
    {
        Runner::shared(Arc::new(context))
    }

    /// The same with a context that others have as well.
    pub fn shared<C>(context: Arc<C>) -> Builder<Runner<W>, ()>
    where
        W: Drive<C, Error: StoredError> + Durable<State: Send, Input: Send + Sync, End: Send>,
        C: Send + Sync + 'static,
    {
        let AnyHost(host) = Handles::<W>::host(context);
        Builder::new(vec![host], ())
    }
}

impl Runners {
    /// Runners of several workflows over one store, to be given the [workflows](Builder::workflow) and launched.
    pub fn builder<S: Store>(store: S) -> Builder<Runners, Arc<dyn Store>> {
        Builder::new(Vec::new(), Arc::new(store))
    }
}

/// Handlers of the stored runs of a workflow. Every context is that implements the trait of the handlers, and whose errors
/// are `Display`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not handle runs of `{W}`",
    label = "this is to handle them",
    note = "a context implements the trait of the handlers that `workflow!` generates, is `Send`, `Sync` and `'static`, and its errors are `Display`"
)]
pub trait Handles<W>: Send + Sync + 'static {
    /// The context, without its type.
    #[doc(hidden)]
    fn host(self: Arc<Self>) -> AnyHost;
}

impl<W, C> Handles<W> for C
where
    W: Drive<C, Error: StoredError> + Durable<State: Send, Input: Send + Sync, End: Send>,
    C: Send + Sync + 'static,
{
    fn host(self: Arc<Self>) -> AnyHost {
        AnyHost(Arc::new(Handlers::<W, C>::new(self)))
    }
}

/// A context, without its type.
#[doc(hidden)]
pub struct AnyHost(Arc<dyn Host>);

/// A runner, or several, that are being set up: `R` is what is launched, and `S` its store, or `()` as long as it has none.
#[must_use = "a runner runs when it is launched"]
pub struct Builder<R, S> {
    hosts: Vec<Arc<dyn Host>>,
    /// The names that are adopted.
    adopted: Vec<&'static str>,
    settings: Settings,
    store: S,
    runner: PhantomData<fn() -> R>,
}

impl<R, S> fmt::Debug for Builder<R, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let workflows: Vec<_> = self.hosts.iter().map(|host| host.workflow()).collect();
        f.debug_struct("Builder")
            .field("workflows", &workflows)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for AnyHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnyHost").finish_non_exhaustive()
    }
}

impl<W, S> Builder<Runner<W>, S> {
    /// The store that its runs are in. An `Arc` of one can be shared between runners.
    pub fn store<T: Store>(self, store: T) -> Builder<Runner<W>, Arc<dyn Store>> {
        Builder {
            hosts: self.hosts,
            adopted: self.adopted,
            settings: self.settings,
            store: Arc::new(store),
            runner: PhantomData,
        }
    }

    /// Takes over the runs that another package has left in the store under the name of this workflow: the package was
    /// renamed, or the declaration has moved to another one.
    pub fn adopt(mut self) -> Self {
        self.adopted = self.hosts.iter().map(|host| host.workflow()).collect();
        self
    }
}

impl<S> Builder<Runners, S> {
    /// Adds a workflow, whose runs are handled by `context`.
    ///
    /// # Panics
    /// If it was added before, or another whose runs are stored under the same name.
    pub fn workflow<W: Durable>(self, context: impl Handles<W>) -> Self {
        self.workflow_shared(Arc::new(context))
    }

    /// The same with a context that others have as well, such as another workflow.
    ///
    /// # Panics
    /// Those of [`workflow`](Builder::workflow).
    pub fn workflow_shared<W: Durable>(mut self, context: Arc<impl Handles<W>>) -> Self {
        let AnyHost(host) = context.host();
        let is_new = self.hosts.iter().all(|it| it.workflow() != W::NAME);
        assert!(
            is_new,
            "the runs of two workflows are stored as `{}`",
            W::NAME
        );
        self.hosts.push(host);
        self
    }

    /// Takes over the runs that another package has left in the store under the name of this workflow: the package was
    /// renamed, or the declaration has moved to another one.
    pub fn adopt<W: Durable>(mut self) -> Self {
        self.adopted.push(W::NAME);
        self
    }
}

impl<R, S> Builder<R, S> {
    fn new(hosts: Vec<Arc<dyn Host>>, store: S) -> Self {
        Builder {
            hosts,
            adopted: Vec::new(),
            settings: Settings::default(),
            store,
            runner: PhantomData,
        }
    }

    /// How payloads are encoded; [`Json`](crate::Json) otherwise.
    pub fn codec(mut self, codec: impl Codec) -> Self {
        self.settings.codec = Arc::new(codec);
        self
    }

    /// What time it is; that of the system otherwise.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.settings.clock = clock;
        self
    }

    /// How many runs are driven at a time, 10,000 otherwise. Others wait in the store.
    ///
    /// # Panics
    /// If it is 0.
    pub fn max_in_flight(mut self, runs: usize) -> Self {
        assert!(runs > 0, "a runner drives at least one run at a time");
        self.settings.max_in_flight = runs.min(Semaphore::MAX_PERMITS);
        self
    }

    /// How long a claim of a run holds when nothing is heard of this process, 30 seconds otherwise. The store
    /// hears of it three times as often.
    ///
    /// # Panics
    /// If it is shorter than 10 ms: what is claimed would be lost before it begins.
    pub fn lease(mut self, lease: Duration) -> Self {
        assert!(
            lease >= Duration::from_millis(10),
            "a lease has to last for 10 ms at least"
        );
        self.settings.lease = lease;
        self
    }

    /// How often the store is asked for runs that others have left there, every second otherwise, and every
    /// millisecond at most.
    pub fn poll_every(mut self, pause: Duration) -> Self {
        self.settings.poll = pause.max(Duration::from_millis(1));
        self
    }

    /// A run that has to wait this long for its next attempt waits in the store and not in memory; 10 seconds
    /// otherwise.
    pub fn wait_in_store_from(mut self, delay: Duration) -> Self {
        self.settings.patience = delay;
        self
    }

    /// A run whose process died so many times in the same state is parked; 10 times otherwise.
    ///
    /// # Panics
    /// If it is 0.
    pub fn max_crashes(mut self, crashes: u32) -> Self {
        assert!(crashes > 0, "a run that never crashed is not parked");
        self.settings.max_crashes = crashes;
        self
    }

    /// How many bytes an encoded input, state or output of a branch may have; 1 MiB otherwise.
    ///
    /// A run with a larger one is not started, or parked where it comes up.
    pub fn max_payload(mut self, bytes: usize) -> Self {
        self.settings.max_payload = bytes;
        self
    }

    /// Sets how many bytes of a text are stored: of an error, a panic, or why a run is parked. Defaults to 8 KiB.
    ///
    /// Of a longer text the beginning is stored, and how long it was. The error itself is never cut for a handler.
    pub fn max_text(mut self, bytes: usize) -> Self {
        self.settings.max_text = bytes;
        self
    }

    /// Sets whether each payload is decoded once before it is stored. Defaults to `true` in builds with
    /// `debug_assertions`, which tests are, and to `false` in others, where it costs time.
    ///
    /// Serde writes some values that it does not read again: a NaN, a flattened `u128`, a field with
    /// `skip_serializing` and no default. A run with such an input is not started, and one with such a state or output is
    /// parked before that is recorded, so that what it did can still be undone by a program that is mended. If payloads are
    /// not verified, the run is parked when it is taken up the next time, or rolled back.
    pub fn verify_payloads(mut self, verifies: bool) -> Self {
        self.settings.verifies = verifies;
        self
    }
}

impl<W, S> Builder<Runner<W>, S> {
    /// Begins to drive: runs that the store has and nobody holds go on, from the state that was last
    /// recorded.
    ///
    /// Transitions that were recorded are not repeated. The one that was in flight is, so handlers
    /// must tolerate a repeat: [`Step::key`](crate::Step::key) is the same then.
    ///
    /// Runs are driven on the tokio runtime of this call, also those that are started from another. When that runtime
    /// goes, or when the store stops for good, so does the runner: handlers are dropped where they wait, whoever
    /// waits for the end of a run is told, and no run is started any more.
    ///
    /// # Errors
    /// [`LaunchError`] if the store does not answer, or if the name of the workflow is another's in this store. Runs that
    /// cannot go on are parked, which is no error.
    ///
    /// # Panics
    /// Outside of a tokio runtime, and in one without timers.
    ///
    /// # Cancel safety
    /// Dropping the future launches nothing.
    pub fn launch(self) -> Launch<Runner<W>>
    where
        S: Store,
    {
        self.launched(Runner::new)
    }
}

impl<S> Builder<Runners, S> {
    /// Begins to drive the runs of all these workflows, as [`launch`](Builder::launch) of a single runner does.
    ///
    /// # Errors
    /// [`LaunchError`], if the name of one of them is another's. Nothing is driven then.
    ///
    /// # Panics
    /// Outside of a tokio runtime, and in one without timers.
    ///
    /// # Cancel safety
    /// Dropping the future launches nothing.
    pub fn launch(self) -> Launch<Runners>
    where
        S: Store,
    {
        self.launched(Runners::new)
    }
}

impl<R, S: Store> Builder<R, S> {
    fn launched(self, runner: fn(Arc<StopOnDrop>) -> R) -> Launch<R> {
        let engine = engine(
            self.hosts,
            self.adopted,
            self.settings,
            Arc::new(self.store),
        );
        Launch::new(engine, runner)
    }
}

async fn engine(
    hosts: Vec<Arc<dyn Host>>,
    adopted: Vec<&'static str>,
    settings: Settings,
    store: Arc<dyn Store>,
) -> Result<Arc<StopOnDrop>, LaunchError> {
    // Panics here, and not in a task that nobody sees, if there is no timer.
    drop(tokio::time::sleep(Duration::ZERO));
    for host in &hosts {
        let declaration = Declaration {
            adopts: adopted.contains(&host.workflow()),
            ..host.declaration()
        };
        let declared = store.declare(declaration.clone()).await?;
        if declared != Declared::Granted {
            return Err(LaunchError::refused(declaration, declared));
        }
    }
    let engine = Engine::new(store, settings, hosts);
    Ok(Arc::new(StopOnDrop(engine)))
}
