//! The logs of a run: what it says once and never changes.
//!
//! A `log messages: Message;` in a block belongs to the run and not to a state: it only grows. What a handler adds is kept with
//! the transition that it returns, or not at all.

mod kept;

use std::fmt;
use std::marker::PhantomData;
use std::ops::Index;

use stateway_core::{LogPayload, Transition, Workflow};

use crate::handler::{Branch, Step, Undo};
use crate::run::CurrentRun;
pub(crate) use kept::LogOf;
pub use kept::RunLogs;
#[cfg(feature = "durable")]
pub use kept::{LoggedEntries, NotLogged};

/// A log as a handler sees it: what the run has said so far.
///
/// It derefs to nothing and is no `Vec`, since others may read it at the same time: [`iter`](Log::iter),
/// [`get`](Log::get), [`last`](Log::last) and an index lend its entries, for as long as the handler runs. What the handler itself
/// has [pushed](Log::push) is not in it before the next transition.
///
/// ```
/// use stateway::prelude::*;
///
/// workflow! {
///     workflow Chat {
///         start Asked { question: String };
///         state Answering;
///         done Replied;
///
///         log messages: String;
///
///         step ask: Asked -> Answering;
///         step answer: Answering -> Answering | Replied;
///     }
/// }
///
/// struct Model;
///
/// impl ChatSteps for Model {
///     type Error = String;
///
///     async fn ask(&self, asked: Asked, step: &Step<Ask>) -> Result<Ask, String> {
///         step.messages().push(asked.question);
///         Ok(step.to(Answering))
///     }
///
///     async fn answer(&self, _: Answering, step: &Step<Answer>) -> Result<Answer, String> {
///         let messages = step.messages();
///         if messages.len() == 3 {
///             return Ok(step.to(Replied));
///         }
///         messages.push(format!("answer {} to {}", messages.len(), messages[0]));
///         Ok(step.to(Answering))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let question = "why?".to_owned();
/// let end = Chat::start(Asked { question }).run(&Model).await;
/// assert!(matches!(end, Ok(ChatEnd::Replied(_))));
/// # }
/// ```
pub struct Log<'a, M, Access = Append> {
    log: &'a LogOf<M>,
    access: PhantomData<fn() -> Access>,
}

/// The access of the handler of a transition: it may add.
#[derive(Debug, Clone, Copy)]
pub enum Append {}

/// The access of a branch and of an undo: they read.
#[derive(Debug, Clone, Copy)]
pub enum ReadOnly {}

impl<'a, M, Access> Log<'a, M, Access> {
    fn of(log: &'a LogOf<M>) -> Self {
        let access = PhantomData;
        Log { log, access }
    }

    /// The entries, the oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &'a M> + use<'a, M, Access> {
        self.log.iter()
    }

    /// The entry at this position; `None` if there are fewer.
    #[must_use]
    pub fn get(&self, position: usize) -> Option<&'a M> {
        self.log.get(position)
    }

    /// The newest entry.
    #[must_use]
    pub fn last(&self) -> Option<&'a M> {
        self.get(self.len().checked_sub(1)?)
    }

    /// The number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.log.len()
    }

    /// Returns true if there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<M> Log<'_, M, Append> {
    /// Adds an entry. It is kept with the transition that the handler returns, in the same commit of a stored run; if the
    /// handler fails, is dropped, or says of a poll that it is not time yet, it is gone.
    pub fn push(&self, entry: M) {
        self.log.push(entry);
    }
}

impl<M, Access> Index<usize> for Log<'_, M, Access> {
    type Output = M;

    /// # Panics
    /// If there are fewer entries.
    fn index(&self, position: usize) -> &M {
        let entry = self.get(position);
        entry.unwrap_or_else(|| panic!("entry {position} of a log that has {}", self.len()))
    }
}

impl<M: fmt::Debug, Access> fmt::Debug for Log<'_, M, Access> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// What has the logs of a run of the workflow `W`: the [`Step`], the [`Branch`] and the [`Undo`] of its handlers.
///
/// The block's own trait, such as `ChatLogs`, has a method for each log.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no logs of workflow `{W}`",
    label = "no logs",
    note = "the `Step`, the `Branch` and the `Undo` of its handlers have them"
)]
pub trait Logs<W: Workflow> {
    /// A log, as it is seen from here.
    type Log<'a, M: 'static>
    where
        Self: 'a;

    /// The log at this position of the declaration.
    #[doc(hidden)]
    fn log<M: LogPayload>(&self, position: usize) -> Self::Log<'_, M>;
}

impl<W: Workflow, T: Transition<Workflow = W>> Logs<W> for Step<T> {
    type Log<'a, M: 'static>
        = Log<'a, M, Append>
    where
        Self: 'a;

    fn log<M: LogPayload>(&self, position: usize) -> Log<'_, M, Append> {
        of_run(self.run(), position)
    }
}

impl<W: Workflow, T: Transition<Workflow = W>> Logs<W> for Branch<T> {
    type Log<'a, M: 'static>
        = Log<'a, M, ReadOnly>
    where
        Self: 'a;

    fn log<M: LogPayload>(&self, position: usize) -> Log<'_, M, ReadOnly> {
        of_run(self.run(), position)
    }
}

impl<W: Workflow, T: Transition<Workflow = W>> Logs<W> for Undo<T> {
    type Log<'a, M: 'static>
        = Log<'a, M, ReadOnly>
    where
        Self: 'a;

    fn log<M: LogPayload>(&self, position: usize) -> Log<'_, M, ReadOnly> {
        of_run(self.run(), position)
    }
}

fn of_run<M: LogPayload, W: Workflow, Access>(
    run: &CurrentRun<W>,
    position: usize,
) -> Log<'_, M, Access> {
    Log::of(run.logs().of(position))
}
