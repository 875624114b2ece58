//! The logs of one run, as the run owns them: entries that are kept, and those of the handler under way.

use std::any::Any;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use stateway_core::{Graph, LogPayload};

use crate::support::panic::forget_panic;

/// The logs of one run, each at the position of its declaration. The type of the entries is told by who first asks for it.
#[doc(hidden)]
#[expect(
    missing_debug_implementations,
    reason = "generated code names it, and nobody prints it"
)]
pub struct RunLogs(Box<[OnceLock<Box<dyn AnyLog>>]>);

/// A log whose entries have some type.
trait AnyLog: Any + Send + Sync {
    /// Keeps what the handler under way has added.
    fn keep(&self);

    /// Drops that.
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
    /// Those of a run that has said nothing yet.
    pub(crate) fn new(graph: &Graph) -> Self {
        RunLogs(graph.logs.iter().map(|_| OnceLock::new()).collect())
    }

    /// The log at this position.
    pub(crate) fn of<M: LogPayload>(&self, position: usize) -> &LogOf<M> {
        let log = self.0[position].get_or_init(|| Box::new(LogOf::<M>::new()));
        let log = (**log).as_any().downcast_ref();
        log.unwrap_or_else(|| unreachable!("a log has entries of one type"))
    }

    /// What `encode` makes of each entry that the handler under way has added, in order.
    ///
    /// # Errors
    /// The first of its errors.
    #[cfg(feature = "durable")]
    pub fn new_entries<M: LogPayload, T, E>(
        &self,
        position: usize,
        encode: impl FnMut(&M) -> Result<T, E>,
    ) -> Result<Vec<T>, E> {
        let log = self.of::<M>(position);
        let new = log.new_entries();
        new.iter().map(encode).collect()
    }

    /// Adds an entry that is kept already.
    #[cfg(feature = "durable")]
    pub fn restore<M: LogPayload>(&self, position: usize, entry: M) {
        self.of(position).kept.push(entry);
    }

    /// Keeps what the handler under way has added: its transition is taken.
    pub(crate) fn keep(&self) {
        self.made().for_each(AnyLog::keep);
    }

    /// Drops what a handler has added that has led nowhere.
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
        // An entry may panic as it goes.
        forget_panic(|| drop(new));
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
