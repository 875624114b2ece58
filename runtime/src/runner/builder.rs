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
    /// Builds a runner whose runs are handled by `context`. It needs a [`store`](Builder::store) before it is
    /// [launched](Builder::launch).
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// let runner = Runner::<Order>::builder(Shop)
    ///     .store(MemoryStore::new())
    ///     .launch()
    ///     .await?;
    /// assert!(runner.get("o-42").await?.is_none());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The errors of the handlers are stored as texts, so they have to be `Display`.
    pub fn builder<C>(context: C) -> Builder<Runner<W>, ()>
    where
        W: Drive<C, Error: StoredError> + Durable<State: Send, Input: Send + Sync, End: Send>,
        C: Send + Sync + 'static,
    {
        Runner::shared(Arc::new(context))
    }

    /// Like [`builder`](Runner::builder), for a context that is already shared.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// let shop = Arc::new(Shop);
    /// let runner = Runner::<Order>::shared(Arc::clone(&shop))
    ///     .store(MemoryStore::new())
    ///     .launch()
    ///     .await?;
    /// // The handlers of HTTP requests keep `shop`.
    /// # Ok(())
    /// # }
    /// ```
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
    /// Builds runners of several workflows over one store. It needs the [workflows](Builder::workflow) before it is
    /// launched.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// use stateway::Runners;
    ///
    /// let runners = Runners::builder(MemoryStore::new())
    ///     .workflow::<Order>(Shop)
    ///     .launch()
    ///     .await?;
    /// let runner = runners.of::<Order>();
    /// # Ok(())
    /// # }
    /// ```
    pub fn builder<S: Store>(store: S) -> Builder<Runners, Arc<dyn Store>> {
        Builder::new(Vec::new(), Arc::new(store))
    }
}

/// Handles the stored runs of a workflow. Every context that implements the trait of the handlers, with errors that are
/// `Display`, implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not handle runs of `{W}`",
    label = "this is to handle them",
    note = "a context implements the trait of the handlers that `workflow!` generates, is `Send`, `Sync` and `'static`, and its errors are `Display`"
)]
pub trait Handles<W>: Send + Sync + 'static {
    /// Erases the type of the context.
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

/// A runner, or runners, before the launch. `R` is [`Runner`] or [`Runners`], and `S` is the store, or `()` until it has one.
///
/// ```
#[doc = include_str!("example.md")]
/// let runner = Runner::<Order>::builder(Shop)
///     .store(MemoryStore::new())
///     .max_in_flight(500)
///     .max_crashes(3)
///     .launch()
///     .await?;
/// # Ok(())
/// # }
/// ```
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
    /// Sets the store that its runs are in. Runners share a store by an `Arc` of it.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// let store = Arc::new(MemoryStore::new());
    /// let runner = Runner::<Order>::builder(Shop)
    ///     .store(Arc::clone(&store))
    ///     .launch()
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn store<T: Store>(self, store: T) -> Builder<Runner<W>, Arc<dyn Store>> {
        Builder {
            hosts: self.hosts,
            adopted: self.adopted,
            settings: self.settings,
            store: Arc::new(store),
            runner: PhantomData,
        }
    }

    /// Takes over the runs that another package has left in the store under the name of this workflow, because the package
    /// was renamed, or the declaration has moved to another one.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// let runner = Runner::<Order>::builder(Shop)
    ///     .store(MemoryStore::new())
    ///     .adopt() // package `shop` is `store` now
    ///     .launch()
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn adopt(mut self) -> Self {
        self.adopted = self.hosts.iter().map(|host| host.workflow()).collect();
        self
    }
}

impl<S> Builder<Runners, S> {
    /// Adds a workflow whose runs are handled by `context`.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// use stateway::Runners;
    ///
    /// let runners = Runners::builder(MemoryStore::new())
    ///     .workflow::<Order>(Shop)
    ///     // .workflow::<Delivery>(Fleet)
    ///     .launch()
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    /// If the workflow was added before, or another one whose runs are stored under the same name.
    pub fn workflow<W: Durable>(self, context: impl Handles<W>) -> Self {
        self.workflow_shared(Arc::new(context))
    }

    /// Like [`workflow`](Builder::workflow), for a context that is already shared, such as with another workflow.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// use stateway::Runners;
    ///
    /// let shop = Arc::new(Shop);
    /// let runners = Runners::builder(MemoryStore::new())
    ///     .workflow_shared::<Order>(Arc::clone(&shop))
    ///     // .workflow_shared::<Refund>(shop)
    ///     .launch()
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
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

    /// Takes over the runs that another package has left in the store under the name of this workflow, because the package
    /// was renamed, or the declaration has moved to another one.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// use stateway::Runners;
    ///
    /// let runners = Runners::builder(MemoryStore::new())
    ///     .workflow::<Order>(Shop)
    ///     .adopt::<Order>()
    ///     .launch()
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
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

    /// Sets how payloads are encoded. Defaults to [`Json`](crate::Json).
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// # use stateway::{Codec, CodecError, Json, codec::{PayloadRef, PayloadSlot}};
    /// # struct Masked(u8);
    /// # impl Codec for Masked {
    /// #     fn encode(&self, payload: PayloadRef<'_>) -> Result<Vec<u8>, CodecError> {
    /// #         Ok(Json.encode(payload)?.into_iter().map(|byte| byte ^ self.0).collect())
    /// #     }
    /// #     fn decode(&self, bytes: &[u8], slot: PayloadSlot<'_>) -> Result<(), CodecError> {
    /// #         Json.decode(&bytes.iter().map(|byte| byte ^ self.0).collect::<Vec<_>>(), slot)
    /// #     }
    /// # }
    /// // `Masked` is a `Codec` of your own, such as one that encrypts.
    /// let runner = Runner::<Order>::builder(Shop)
    ///     .store(MemoryStore::new())
    ///     .codec(Masked(7))
    ///     .launch()
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn codec(mut self, codec: impl Codec) -> Self {
        self.settings.codec = Arc::new(codec);
        self
    }

    /// Sets the clock. Defaults to the clock of the system.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// use stateway::Clock;
    ///
    /// let runner = Runner::<Order>::builder(Shop)
    ///     .store(MemoryStore::new())
    ///     .clock(Clock::tokio()) // a test of 14 days takes no time
    ///     .poll_every(Duration::from_hours(1))
    ///     .lease(Duration::from_hours(1))
    ///     .launch()
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn clock(mut self, clock: Clock) -> Self {
        self.settings.clock = clock;
        self
    }

    /// Drives at most `runs` at a time. Defaults to 10,000. Others wait in the store.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// let runner = Runner::<Order>::builder(Shop)
    ///     .store(MemoryStore::new())
    ///     .max_in_flight(50) // the bank takes no more calls at once
    ///     .launch()
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    /// If `runs` is 0.
    pub fn max_in_flight(mut self, runs: usize) -> Self {
        assert!(runs > 0, "a runner drives at least one run at a time");
        self.settings.max_in_flight = runs.min(Semaphore::MAX_PERMITS);
        self
    }

    /// Sets how long a claim of a run holds without a heartbeat of this process. Defaults to 30 seconds. The
    /// process sends three heartbeats in that time.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// let runner = Runner::<Order>::builder(Shop)
    ///     .store(MemoryStore::new())
    ///     .lease(Duration::from_secs(5)) // others take over 5 seconds after a crash
    ///     .launch()
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    /// If `lease` is shorter than 10 ms: a claim would be lost before its run begins.
    pub fn lease(mut self, lease: Duration) -> Self {
        assert!(
            lease >= Duration::from_millis(10),
            "a lease has to last for 10 ms at least"
        );
        self.settings.lease = lease;
        self
    }

    /// Sets the pause between two looks into the store for runs that others have left there. Defaults to 1 second, and is
    /// 1 millisecond at least.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// let runner = Runner::<Order>::builder(Shop)
    ///     .store(MemoryStore::new())
    ///     .poll_every(Duration::from_millis(200))
    ///     .launch()
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_every(mut self, pause: Duration) -> Self {
        self.settings.poll = pause.max(Duration::from_millis(1));
        self
    }

    /// Lets a run that waits for `delay` or longer for its next attempt wait in the store, and not in memory. Defaults to
    /// 10 seconds.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// let runner = Runner::<Order>::builder(Shop)
    ///     .store(MemoryStore::new())
    ///     .wait_in_store_from(Duration::from_mins(1))
    ///     .launch()
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn wait_in_store_from(mut self, delay: Duration) -> Self {
        self.settings.patience = delay;
        self
    }

    /// Parks a run after its process has died `crashes` times in one state. Defaults to 10.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// let runner = Runner::<Order>::builder(Shop)
    ///     .store(MemoryStore::new())
    ///     .max_crashes(3)
    ///     .launch()
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    /// If `crashes` is 0.
    pub fn max_crashes(mut self, crashes: u32) -> Self {
        assert!(crashes > 0, "a run that never crashed is not parked");
        self.settings.max_crashes = crashes;
        self
    }

    /// Sets how many bytes an encoded input, state or output of a branch may have. Defaults to 1 MiB.
    ///
    /// A run whose input or start state is larger is not started, and a run that comes to a larger one is parked.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// let runner = Runner::<Order>::builder(Shop)
    ///     .store(MemoryStore::new())
    ///     .max_payload(64 << 10)
    ///     .launch()
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn max_payload(mut self, bytes: usize) -> Self {
        self.settings.max_payload = bytes;
        self
    }

    /// Sets how many bytes are stored of the text of an error or a panic, or of the reason why a run is parked. Defaults to
    /// 8 KiB.
    ///
    /// The store keeps the beginning of a longer text, and its length. Handlers always get the complete error.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// let runner = Runner::<Order>::builder(Shop)
    ///     .store(MemoryStore::new())
    ///     .max_text(2 << 10)
    ///     .launch()
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn max_text(mut self, bytes: usize) -> Self {
        self.settings.max_text = bytes;
        self
    }

    /// Sets whether each payload is decoded once before it is stored. Defaults to `true` in builds with
    /// `debug_assertions`, which tests are, and to `false` in others, where it costs time.
    ///
    /// Serde writes some values that it does not read again: a NaN, a flattened `u128`, a field with
    /// `skip_serializing` and no default. A run with such an input is not started, and one with such a state or output is
    /// parked before that is recorded, so that a program that is mended can still undo what it did. If payloads are
    /// not verified, the run is parked when it is taken up the next time, or rolled back.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// let runner = Runner::<Order>::builder(Shop)
    ///     .store(MemoryStore::new())
    ///     .verify_payloads(true)
    ///     .launch()
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn verify_payloads(mut self, verifies: bool) -> Self {
        self.settings.verifies = verifies;
        self
    }
}

impl<W, S> Builder<Runner<W>, S> {
    /// Begins to drive, and continues the runs in the store that nobody holds, from the state that was last recorded.
    ///
    /// Transitions that were recorded are not repeated. The one that was in flight is, so handlers
    /// must tolerate a repeat: [`Step::key`](crate::Step::key) is the same then.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// let store = Arc::new(MemoryStore::new());
    /// let first = Runner::<Order>::builder(Shop).store(Arc::clone(&store)).launch().await?;
    /// first.start("o-42", OrderInput { customer: 7 }, Placed).await?;
    /// first.shut_down(Duration::from_secs(5)).await;
    ///
    /// // After a restart of the process, the order is taken up again.
    /// let second = Runner::<Order>::builder(Shop).store(store).launch().await?;
    /// let run = second.get("o-42").await?.expect("it is stored");
    /// let _ = run.reached(|order| matches!(order, AnyOrder::Charged(_))).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Runs are driven on the tokio runtime of this call, also those that are started from another. When that runtime
    /// is dropped, or when the store stops for good, the runner stops as well: handlers are dropped where they wait,
    /// [`Run::end`](super::Run::end) returns an error, and no run is started any more.
    ///
    /// # Errors
    /// [`LaunchError`] if the store does not answer, or if the name of the workflow belongs to another one in this store. A run
    /// that cannot continue is parked, which is no error.
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
    /// ```
    #[doc = include_str!("example.md")]
    /// use stateway::Runners;
    ///
    /// let runners = Runners::builder(MemoryStore::new())
    ///     .workflow::<Order>(Shop)
    ///     .launch()
    ///     .await?;
    /// let run = runners.of::<Order>().start("o-42", OrderInput { customer: 7 }, Placed).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`LaunchError`] if the store does not answer, or if the name of one of them belongs to another workflow. Nothing is
    /// driven then.
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
