//! The logs of a run: entries that are added and never change.
//!
//! A `log messages: Message;` in a block belongs to the run and not to a state, and only grows. Entries that a handler adds are kept
//! with the transition that it returns, or not at all.

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

/// A log as a handler sees it: the entries of the run so far.
///
/// It is no `Vec` and does not deref to a slice, because others may read it at the same time: [`iter`](Log::iter),
/// [`get`](Log::get), [`last`](Log::last) and an index lend its entries, for as long as the handler runs. Entries that the handler
/// itself has [pushed](Log::push) are not in it before the next transition.
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

/// The access of the handler of a transition: it reads and adds. The second parameter of [`Log`], which defaults to this.
///
/// ```
/// use stateway::log::{Append, Log};
///
/// /// Any step of any workflow with such a log calls this.
/// fn note(messages: &Log<'_, String, Append>, text: &str) {
///     messages.push(format!("{}: {text}", messages.len()));
/// }
/// ```
#[derive(Debug, Clone, Copy)]
pub enum Append {}

/// The access of a branch and of an undo: they read.
///
/// ```
/// use stateway::log::{Log, ReadOnly};
///
/// fn words(messages: &Log<'_, String, ReadOnly>) -> usize {
///     messages.iter().map(|message| message.split_whitespace().count()).sum()
/// }
/// ```
#[derive(Debug, Clone, Copy)]
pub enum ReadOnly {}

impl<'a, M, Access> Log<'a, M, Access> {
    fn of(log: &'a LogOf<M>) -> Self {
        let access = PhantomData;
        Log { log, access }
    }

    /// Returns the entries, the oldest first.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// async fn answer(&self, _: Answering, step: &Step<Answer>) -> Result<Answer, String> {
    ///     let prompt: Vec<&str> = step.messages().iter().map(String::as_str).collect();
    ///     assert_eq!(prompt, ["why?"]);
    ///     Ok(step.to(Replied))
    /// }
    /// # }
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = &'a M> + use<'a, M, Access> {
        self.log.iter()
    }

    /// Returns the entry at this position; `None` if there are fewer.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// async fn answer(&self, _: Answering, step: &Step<Answer>) -> Result<Answer, String> {
    ///     assert_eq!(step.messages().get(0).unwrap(), "why?");
    ///     assert!(step.messages().get(1).is_none());
    ///     Ok(step.to(Replied))
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn get(&self, position: usize) -> Option<&'a M> {
        self.log.get(position)
    }

    /// Returns the newest entry; `None` if there are none.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// async fn answer(&self, _: Answering, step: &Step<Answer>) -> Result<Answer, String> {
    ///     let question = step.messages().last().expect("`ask` has pushed one");
    ///     assert_eq!(question, "why?");
    ///     Ok(step.to(Replied))
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn last(&self) -> Option<&'a M> {
        self.get(self.len().checked_sub(1)?)
    }

    /// Returns the number of entries.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// async fn answer(&self, _: Answering, step: &Step<Answer>) -> Result<Answer, String> {
    ///     if step.messages().len() > 100 {
    ///         return Err("this conversation is too long".to_owned());
    ///     }
    ///     Ok(step.to(Replied))
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.log.len()
    }

    /// Returns true if there are no entries.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// async fn answer(&self, _: Answering, step: &Step<Answer>) -> Result<Answer, String> {
    ///     if step.messages().is_empty() {
    ///         return Err("there is nothing to answer".to_owned());
    ///     }
    ///     Ok(step.to(Replied))
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<M> Log<'_, M, Append> {
    /// Adds an entry. It is kept with the transition that the handler returns, in the same commit of a stored run. It is lost if
    /// the handler fails, is dropped, or returns `Ok(None)` from a poll.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// async fn answer(&self, _: Answering, step: &Step<Answer>) -> Result<Answer, String> {
    ///     step.messages().push("because".to_owned());
    ///     assert_eq!(step.messages().len(), 1); // with this transition there will be two
    ///     Ok(step.to(Replied))
    /// }
    /// # }
    /// ```
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

/// Has the logs of a run of the workflow `W`. Implemented for the [`Step`], the [`Branch`] and the [`Undo`] of its handlers.
///
/// The block's own trait, such as `ChatLogs`, has a method for each log.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no logs of workflow `{W}`",
    label = "no logs",
    note = "the `Step`, the `Branch` and the `Undo` of its handlers have them"
)]
pub trait Logs<W: Workflow> {
    /// The type of a log with entries of type `M`.
    type Log<'a, M: 'static>
    where
        Self: 'a;

    /// Returns the log at this position of the declaration.
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
