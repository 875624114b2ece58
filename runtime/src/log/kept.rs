//! The logs of one run, as the run owns them: entries that are kept, and those of the handler that runs.

use std::any::Any;
#[cfg(feature = "durable")]
use std::marker::PhantomData;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use stateway_core::{Graph, LogPayload};

use crate::support::panic::forget_panic;

/// The logs of one run, each at the position of its declaration. The first access decides the type of the entries.
#[doc(hidden)]
#[expect(
    missing_debug_implementations,
    reason = "generated code names it, and nobody prints it"
)]
pub struct RunLogs(Box<[OnceLock<Box<dyn AnyLog>>]>);

/// A log whose entries have some type.
trait AnyLog: Any + Send + Sync {
    /// Keeps the entries that the handler has added.
    fn keep(&self);

    /// Drops the entries that the handler has added.
    fn discard(&self);

    fn as_any(&self) -> &dyn Any;
}

/// A log with entries of this type.
pub(crate) struct LogOf<M> {
    // Lends its entries while others are added.
    kept: boxcar::Vec<M>,
    new: Mutex<Vec<M>>,
}

impl RunLogs {
    /// Returns the empty logs of a new run.
    pub(crate) fn new(graph: &Graph) -> Self {
        RunLogs(graph.logs.iter().map(|_| OnceLock::new()).collect())
    }

    /// Returns the log at this position.
    pub(crate) fn of<M: LogPayload>(&self, position: usize) -> &LogOf<M> {
        let log = self.0[position].get_or_init(|| Box::new(LogOf::<M>::new()));
        let log = (**log).as_any().downcast_ref();
        log.unwrap_or_else(|| unreachable!("a log has entries of one type"))
    }

    /// Keeps the entries that the handler has added: its transition is taken.
    pub(crate) fn keep(&self) {
        self.made().for_each(AnyLog::keep);
    }

    /// Drops the entries of a handler that has led nowhere.
    pub(crate) fn discard(&self) {
        self.made().for_each(AnyLog::discard);
    }

    fn made(&self) -> impl Iterator<Item = &dyn AnyLog> {
        self.0.iter().filter_map(|log| Some(&**log.get()?))
    }
}

impl<M> LogOf<M> {
    fn new() -> Self {
        LogOf {
            kept: boxcar::Vec::new(),
            new: Mutex::default(),
        }
    }

    fn new_entries(&self) -> MutexGuard<'_, Vec<M>> {
        self.new.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &M> {
        self.kept.iter().map(|(_, entry)| entry)
    }

    pub(super) fn get(&self, position: usize) -> Option<&M> {
        self.kept.get(position)
    }

    pub(super) fn len(&self) -> usize {
        self.kept.count()
    }

    pub(super) fn push(&self, entry: M) {
        self.new_entries().push(entry);
    }
}

impl<M: LogPayload> AnyLog for LogOf<M> {
    fn keep(&self) {
        for entry in self.new_entries().drain(..) {
            self.kept.push(entry);
        }
    }

    fn discard(&self) {
        let new = std::mem::take(&mut *self.new_entries());
        // An entry may panic as it is dropped.
        forget_panic(|| drop(new));
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// The entries of a log as a store keeps them. For entries that cannot be those of a log, which is reported at their type,
/// [`NotLogged`] has the same methods.
#[cfg(feature = "durable")]
#[doc(hidden)]
#[expect(
    missing_debug_implementations,
    reason = "generated code names it, and nobody prints it"
)]
pub struct LoggedEntries<M>(PhantomData<fn() -> M>);

#[cfg(feature = "durable")]
impl<M> LoggedEntries<M> {
    /// Returns the entries of type `M`.
    #[expect(
        clippy::new_without_default,
        reason = "code without a prelude knows no `Default`"
    )]
    #[must_use]
    pub const fn new() -> Self {
        LoggedEntries(PhantomData)
    }
}

#[cfg(feature = "durable")]
impl<M: LogPayload> LoggedEntries<M> {
    /// Encodes each entry that the handler has added, in order.
    ///
    /// # Errors
    /// The first error of `encode`.
    pub fn encoded<T, E>(
        self,
        logs: &RunLogs,
        position: usize,
        encode: impl FnMut(&M) -> Result<T, E>,
    ) -> Result<Vec<T>, E> {
        let log = logs.of::<M>(position);
        let new = log.new_entries();
        new.iter().map(encode).collect()
    }

    /// Adds an entry that the store has.
    pub fn restore(self, logs: &RunLogs, position: usize, entry: M) {
        logs.of(position).kept.push(entry);
    }
}

/// The entries of a log that does not compile.
#[cfg(feature = "durable")]
#[doc(hidden)]
pub trait NotLogged<M> {
    /// Is never called.
    fn encoded<T, E>(
        self,
        logs: &RunLogs,
        position: usize,
        encode: impl FnMut(&M) -> Result<T, E>,
    ) -> Result<Vec<T>, E>;

    /// Is never called.
    fn restore(self, logs: &RunLogs, position: usize, entry: M);
}

#[cfg(feature = "durable")]
impl<M> NotLogged<M> for LoggedEntries<M> {
    fn encoded<T, E>(
        self,
        _: &RunLogs,
        _: usize,
        _: impl FnMut(&M) -> Result<T, E>,
    ) -> Result<Vec<T>, E> {
        unreachable!("a log of such entries does not compile")
    }

    fn restore(self, _: &RunLogs, _: usize, _: M) {
        unreachable!("a log of such entries does not compile")
    }
}
