//! A stored signal, and its outcome.

use std::error::Error;
use std::fmt;
use std::marker::PhantomData;

use stateway_core::Transition;

use super::handle::Run;
use super::signal::SignalError;
use crate::payload::codec::{CodecError, decode, guarded};
use crate::payload::durable::Durable;
use crate::run::RunId;
use crate::store::{Event, MessageState, Name, Status, StoreError};
use crate::wait::{Applies, NoAnswer, RecordedAnswer};

/// A signal that is stored. `T` is its outcome, and `A` the answer that its sender gets.
///
/// ```
#[doc = include_str!("example.md")]
/// # let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
/// let sent = run.deliver("Ada".to_owned()).message_id("request-17").await?;
/// if !sent.is_new {
///     println!("request {} was sent twice", sent.message_id);
/// }
/// let OnDeliver::Delivered(delivered) = sent.applied().await?;
/// assert_eq!(delivered.signed_by, "Ada");
/// # Ok(())
/// # }
/// ```
///
/// Dropping it changes nothing.
pub struct SentSignal<T: Transition, A = NoAnswer> {
    /// The id of the message.
    pub message_id: String,
    /// True if the signal was stored now, false if the run had a message with this id before.
    pub is_new: bool,
    run: Run<T::Workflow>,
    answer: PhantomData<fn() -> A>,
}

/// The transition that has taken a signal, as it is recorded.
///
/// ```
#[doc = include_str!("example.md")]
/// # let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
/// # let _ = run.reached(|order| matches!(order, AnyOrder::Charged(_))).await?;
/// let sent = runner.signal_json("o-42", "deliver", br#""Ada""#).await?;
/// let applied = sent.applied().await?;
/// assert_eq!((&*applied.transition, &*applied.state), ("deliver", "Delivered"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AppliedSignal {
    /// The name of the transition.
    pub transition: Name,
    /// The name of the state that it led to.
    pub state: Name,
    payload: Vec<u8>,
    answer: Option<Vec<u8>>,
}

/// Why a signal has led to nothing, or why its outcome is not known.
///
/// ```
#[doc = include_str!("example.md")]
/// # let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
/// use stateway::NotApplied;
///
/// let sent = run.deliver("Ada".to_owned()).await?;
/// match sent.applied().await {
///     Ok(_) => println!("delivered"),
///     Err(NotApplied::Ended { status, .. }) => println!("too late: the order is {status}"),
///     // The signal is stored, and may be taken later.
///     Err(NotApplied::Parked { reason, .. }) => println!("somebody has to see to it: {reason}"),
///     Err(error) => return Err(error.into()),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum NotApplied {
    /// The signal was not stored, and so it was not sent.
    NotSent(SignalError),
    /// The run has ended, or is being rolled back, and no state has taken the signal. The history names it among those that
    /// were [left](crate::store::HistoryRow::left).
    Ended {
        /// The run.
        run: RunId,
        /// Its status.
        status: Status,
    },
    /// The run is parked. It may take the signal after [`unpark`](super::Runner::unpark).
    Parked {
        /// The run.
        run: RunId,
        /// The reason why it is parked.
        reason: String,
    },
    /// The signal was taken, and the history does not have the row any more, because the declaration bounds it by
    /// `#[durable(history = ..)]`.
    Forgotten {
        /// The run.
        run: RunId,
    },
    /// The run was purged, or another has its id by now.
    NotFound {
        /// The run.
        run: RunId,
    },
    /// The signal was taken, and the state that it led to, or the answer, does not decode.
    Codec {
        /// The run.
        run: RunId,
        /// The error of the codec.
        source: CodecError,
    },
    /// The runner is shut down. The signal is stored, and may be taken later.
    ShutDown {
        /// The run.
        run: RunId,
    },
    /// The store did not answer.
    Store(StoreError),
}

impl<T: Transition, A> SentSignal<T, A> {
    pub(super) fn new(run: Run<T::Workflow>, message_id: String, is_new: bool) -> Self {
        SentSignal {
            message_id,
            is_new,
            run,
            answer: PhantomData,
        }
    }
}

impl<T, A> SentSignal<T, A>
where
    T: Transition<Workflow: Durable>,
{
    /// Waits until a state has taken the signal, and returns the outcome, with its state as it was recorded. Another process may
    /// drive the run.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// # let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
    /// let sent = run.deliver("Ada".to_owned()).await?;
    /// let OnDeliver::Delivered(delivered) = sent.applied().await?;
    /// assert_eq!(delivered.signed_by, "Ada");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`NotApplied`].
    ///
    /// # Cancel safety
    /// Dropping the future changes nothing.
    pub async fn applied(&self) -> Result<T::Applied, NotApplied>
    where
        T: Applies,
    {
        let applied = self.run.applied(&self.message_id).await?;
        let states = <T::Workflow as stateway_core::Workflow>::GRAPH.states;
        let position = states.iter().position(|it| it.name == applied.state);
        let unknown = || CodecError::new(format!("there is no state `{}`", applied.state));
        let codec = self.run.codec();
        let state = guarded(|| {
            let position = position.ok_or_else(unknown)?;
            T::Workflow::decode(position, &applied.payload, codec)
        });
        let outcome = state.map(|state| T::applied(state));
        let other = || {
            let state = &applied.state;
            let by_way = "a state that is never stored lies between";
            CodecError::new(format!("it led to `{state}`: {by_way}"))
        };
        let outcome = outcome.and_then(|outcome| outcome.ok_or_else(other));
        outcome.map_err(|source| self.undecoded(source))
    }

    /// Waits until a state has taken the signal, and returns its answer. It may be called again.
    ///
    /// ```
    #[doc = include_str!("example_answer.md")]
    /// // `signal add(u32) answers u32: Open;` returns the number of items.
    /// let sent = run.add(2).await?;
    /// assert_eq!(sent.answered().await?, 3);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`NotApplied`].
    ///
    /// # Cancel safety
    /// Dropping the future changes nothing.
    pub async fn answered(&self) -> Result<A, NotApplied>
    where
        A: RecordedAnswer,
    {
        let applied = self.run.applied(&self.message_id).await?;
        let codec = self.run.codec();
        let missing = || CodecError::new("it was taken by a program that gave no answer");
        let answer = guarded(|| decode(codec, &applied.answer.ok_or_else(missing)?));
        answer.map_err(|source| self.undecoded(source))
    }

    fn undecoded(&self, source: CodecError) -> NotApplied {
        NotApplied::Codec {
            run: self.run.id().clone(),
            source,
        }
    }
}

impl<W: Durable> Run<W> {
    /// Waits until a state has taken the message.
    pub(super) async fn applied(&self, message: &str) -> Result<AppliedSignal, NotApplied> {
        self.until(|| self.stands(message)).await
    }

    /// Returns the transition that has taken the message; `None` if none has.
    async fn stands(&self, message: &str) -> Result<Option<AppliedSignal>, NotApplied> {
        let store = &self.engine().store;
        let run = || self.id().clone();
        let state = store.message(self.id(), message).await;
        // Asked afterwards: what has been replaced by then is not that run.
        let row = self.find_this().await?.row;
        let not_found = || NotApplied::NotFound { run: run() };
        match state?.ok_or_else(not_found)? {
            MessageState::Taken(history) => match history.event {
                Event::Transition {
                    transition,
                    state,
                    payload,
                    answer,
                    ..
                } => Ok(Some(AppliedSignal {
                    transition,
                    state,
                    payload,
                    answer,
                })),
                _ => Err(not_found()),
            },
            MessageState::Forgotten => Err(NotApplied::Forgotten { run: run() }),
            MessageState::Left => Err(NotApplied::Ended {
                run: run(),
                status: row.status,
            }),
            MessageState::Waits if row.status == Status::Parked => Err(NotApplied::Parked {
                run: run(),
                reason: {
                    let settings = &self.engine().settings;
                    let reason = row.parked.map(|reason| settings.read_text(&reason));
                    reason.unwrap_or_default()
                },
            }),
            MessageState::Waits => Ok(None),
        }
    }
}

impl From<StoreError> for NotApplied {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound { run } => NotApplied::NotFound { run },
            error => NotApplied::Store(error),
        }
    }
}

impl<T: Transition, A> Clone for SentSignal<T, A> {
    fn clone(&self) -> Self {
        SentSignal::new(self.run.clone(), self.message_id.clone(), self.is_new)
    }
}

impl<T: Transition, A> fmt::Debug for SentSignal<T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SentSignal")
            .field("run", self.run.id())
            .field("message_id", &self.message_id)
            .field("is_new", &self.is_new)
            .finish()
    }
}

impl fmt::Display for NotApplied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotApplied::NotSent(error) => error.fmt(f),
            NotApplied::Ended { run, status } => write!(
                f,
                "run `{run}` is {}, and no state of it has taken the signal",
                status.name()
            ),
            NotApplied::Parked { run, reason } => write!(
                f,
                "run `{run}` is parked, and may take the signal when it goes on: {reason}"
            ),
            NotApplied::Forgotten { run } => write!(
                f,
                "run `{run}` has taken the signal, and its history does not have that row any more: raise \
                 `history = ..` of `#[durable(..)]`, or wait sooner"
            ),
            NotApplied::NotFound { run } => write!(f, "the store has no such run `{run}` any more"),
            NotApplied::Codec { run, source } => write!(
                f,
                "run `{run}` has taken the signal, and what came of it does not decode: {source}"
            ),
            NotApplied::ShutDown { run } => write!(
                f,
                "the runner is shut down; the signal to run `{run}` is stored, and may be taken later"
            ),
            NotApplied::Store(error) => error.fmt(f),
        }
    }
}

impl Error for NotApplied {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            NotApplied::NotSent(error) => error.source(),
            NotApplied::Codec { source, .. } => source.source(),
            NotApplied::Store(error) => error.source(),
            _ => None,
        }
    }
}
