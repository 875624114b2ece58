//! Signals to a stored run.

use std::error::Error;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;

use serde::Serialize;
use stateway_core::{Graph, Transition, TransitionInfo, TransitionKind};

use super::Runner;
use super::engine::Engine;
use super::handle::Run;
use super::sent::{AppliedSignal, NotApplied, SentSignal};
use crate::payload::codec::{CodecError, PayloadRef, guarded};
use crate::payload::durable::Durable;
use crate::run::{RunId, RunIdError};
use crate::store::{Delivery, Message, Name, Sent, Status, StoreError};
use crate::wait::{Answering, Parts, RecordedAnswer, Sealed, Signal, Signals};

/// A stored signal that was sent by its name, with [`Runner::signal_json`].
///
/// ```
#[doc = include_str!("example.md")]
/// # let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
/// # let _ = run.reached(|order| matches!(order, AnyOrder::Charged(_))).await?;
/// let sent = runner.signal_json("o-42", "deliver", br#""Ada""#).await?;
/// assert_eq!(sent.applied().await?.state, "Delivered");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SentMessage<W> {
    /// The id of the message.
    pub message_id: String,
    /// True if the signal was stored now, false if the run had a message with this id before.
    pub is_new: bool,
    run: Run<W>,
}

impl<W: Durable> SentMessage<W> {
    /// Waits until a state has taken the signal, as [`SentSignal::applied`] does.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// # let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
    /// # let _ = run.reached(|order| matches!(order, AnyOrder::Charged(_))).await?;
    /// let sent = runner.signal_json("o-42", "deliver", br#""Ada""#).await?;
    /// let applied = sent.applied().await?;
    /// println!("202 Accepted: the order is {}", applied.state);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`NotApplied`].
    ///
    /// # Cancel safety
    /// Dropping the future changes nothing.
    pub async fn applied(&self) -> Result<AppliedSignal, NotApplied> {
        self.run.applied(&self.message_id).await
    }
}

impl<W> fmt::Debug for SentMessage<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SentMessage")
            .field("run", self.run.id())
            .field("message_id", &self.message_id)
            .field("is_new", &self.is_new)
            .finish()
    }
}

/// Why a signal was not stored. Nothing has changed, unless the store did not answer.
///
/// ```
#[doc = include_str!("example.md")]
/// # let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
/// use stateway::SignalError;
///
/// let status = match runner.signal_json("o-42", "deliver", b"17").await {
///     Ok(_) => 202,
///     Err(SignalError::Id(_) | SignalError::Unknown { .. } | SignalError::NotFound { .. }) => 404,
///     Err(SignalError::Payload { .. }) => 422,
///     Err(_) => 409,
/// };
/// assert_eq!(status, 422); // a signature is no number
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum SignalError {
    /// The text is no id, so no run has it.
    Id(RunIdError),
    /// The workflow has no signal of this name.
    Unknown {
        /// The name.
        signal: String,
        /// The names of the signals that it has.
        known: Vec<&'static str>,
    },
    /// The store has no run of the workflow with this id, or not the one of the handle any more.
    NotFound {
        /// The run.
        run: RunId,
    },
    /// The run has ended.
    Ended {
        /// The run.
        run: RunId,
        /// The status that it has ended in; [`RollingBack`](Status::RollingBack) if its rollback is being retried.
        status: Status,
    },
    /// No state that the run can still come to takes the signal.
    NeverAccepted {
        /// The run.
        run: RunId,
        /// The signal.
        signal: &'static str,
        /// The state that the run is in.
        state: Name,
    },
    /// The state that the run is in does not take the signal, and the signal was sent with
    /// [`if_accepted_now`](Signal::if_accepted_now).
    NotAcceptedNow {
        /// The run.
        run: RunId,
        /// The signal.
        signal: &'static str,
        /// The state that the run is in.
        state: Name,
    },
    /// The payload cannot be encoded, or the JSON is none of its type.
    Payload {
        /// The signal.
        signal: &'static str,
        /// The error of the codec.
        source: CodecError,
    },
    /// The store did not keep the signal.
    Store(StoreError),
}

impl<W> Sealed for Run<W> {}

impl<W: Durable> Signals<W> for Run<W> {}

impl<'a, W: Durable, T, P, A> Signal<'a, Run<W>, T, P, A> {
    /// Gives the message an id. A second one with the same id is the same message, whatever it carries, and is
    /// applied once. Defaults to an id of its own for each message.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// # let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
    /// run.deliver("Ada".to_owned()).message_id("request-17").await?;
    /// // The client has sent its request again.
    /// let sent = run.deliver("Ada".to_owned()).message_id("request-17").await?;
    /// assert!(!sent.is_new);
    /// # Ok(())
    /// # }
    /// ```
    pub fn message_id(mut self, id: impl Into<String>) -> Self {
        self.parts().message_id = Some(id.into());
        self
    }

    /// Refuses the signal unless the state that the run is in, as it is stored, takes it. Defaults to waiting for a state
    /// that does.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// use std::time::SystemTime;
    /// use stateway::SignalError;
    ///
    /// let tomorrow = SystemTime::now() + Duration::from_hours(24);
    /// let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).at(tomorrow).await?;
    /// let sent = run.deliver("Ada".to_owned()).if_accepted_now().await;
    /// assert!(matches!(sent, Err(SignalError::NotAcceptedNow { .. })));
    /// # Ok(())
    /// # }
    /// ```
    pub fn if_accepted_now(mut self) -> Self {
        self.parts().only_now = true;
        self
    }

    /// Sends the signal and waits for its answer.
    ///
    /// ```
    #[doc = include_str!("example_answer.md")]
    /// // `signal add(u32) answers u32: Open;` returns the number of items.
    /// let items = run.add(2).message_id("request-17").answered().await?;
    /// assert_eq!(items, 3);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`NotApplied::NotSent`] if it was not stored, and the others of [`NotApplied`].
    ///
    /// # Cancel safety
    /// A future that is dropped may have sent the signal, which then stays sent. To get the answer, give the signal an
    /// [id](Signal::message_id) and send it again.
    // Not an `async fn`, for the same reason as that of a run in memory.
    pub fn answered(self) -> Answering<'a, A, NotApplied>
    where
        T: Transition<Workflow = W>,
        P: Serialize + Send + 'a,
        A: RecordedAnswer,
    {
        let sends = self.into_future();
        Box::pin(async move {
            let sent = sends.await.map_err(NotApplied::NotSent)?;
            sent.answered().await
        })
    }
}

impl<'a, W, T, P, A> IntoFuture for Signal<'a, Run<W>, T, P, A>
where
    W: Durable,
    T: Transition<Workflow = W>,
    P: Serialize + Send + 'a,
{
    type Output = Result<SentSignal<T, A>, SignalError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        let parts = self.into_parts();
        let Parts {
            to: run,
            payload,
            message_id,
            only_now,
        } = parts;
        let transition = &W::GRAPH.transitions[T::POSITION];
        let codec = &*run.engine().settings.codec;
        let encoded = guarded(|| codec.encode(PayloadRef::new(&payload)));
        drop(payload);
        let outgoing = Outgoing {
            graph: W::GRAPH,
            transition,
            run: run.id().clone(),
            incarnation: run.incarnation(),
            message_id,
            only_now,
        };
        Box::pin(async move {
            let (message_id, is_new) = outgoing.send(run.engine(), encoded).await?;
            Ok(SentSignal::new(run.clone(), message_id, is_new))
        })
    }
}

/// A signal by its name, from [`Runner::signal_json`]. Awaiting this sends it.
///
/// ```
#[doc = include_str!("example.md")]
/// # let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
/// # let _ = run.reached(|order| matches!(order, AnyOrder::Charged(_))).await?;
/// runner
///     .signal_json("o-42", "deliver", br#""Ada""#)
///     .message_id("request-17")
///     .if_accepted_now()
///     .await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a signal is sent when it is awaited"]
pub struct SignalJson<'a, W> {
    runner: &'a Runner<W>,
    run: Result<RunId, RunIdError>,
    signal: String,
    json: Vec<u8>,
    message_id: Option<String>,
    only_now: bool,
}

impl<'a, W: Durable> SignalJson<'a, W> {
    pub(super) fn new(
        runner: &'a Runner<W>,
        run: Result<RunId, RunIdError>,
        signal: String,
        json: Vec<u8>,
    ) -> Self {
        SignalJson {
            runner,
            run,
            signal,
            json,
            message_id: None,
            only_now: false,
        }
    }

    /// Gives the message an id, as [`Signal::message_id`] does.
    pub fn message_id(mut self, id: impl Into<String>) -> Self {
        self.message_id = Some(id.into());
        self
    }

    /// Refuses the signal unless the state that the run is in takes it, as [`Signal::if_accepted_now`] does.
    pub fn if_accepted_now(mut self) -> Self {
        self.only_now = true;
        self
    }
}

impl<'a, W: Durable> IntoFuture for SignalJson<'a, W> {
    type Output = Result<SentMessage<W>, SignalError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let run = self.run.map_err(SignalError::Id)?;
            let is_signal = |it: &&TransitionInfo| it.kind == TransitionKind::Signal;
            let mut transitions = W::GRAPH.transitions.iter();
            let found = transitions.position(|it| is_signal(&it) && it.name == self.signal);
            let Some(position) = found else {
                let known = W::GRAPH.transitions.iter().filter(is_signal);
                return Err(SignalError::Unknown {
                    signal: self.signal,
                    known: known.map(|it| it.name).collect(),
                });
            };
            let engine = self.runner.engine();
            let stored = engine.store.get(&run).await.map_err(SignalError::Store)?;
            let stored = stored.filter(|found| found.row.workflow == W::NAME);
            let Some(stored) = stored else {
                return Err(SignalError::NotFound { run });
            };
            let codec = &*engine.settings.codec;
            let encoded = guarded(|| W::signal_from_json(position, &self.json, codec));
            let outgoing = Outgoing {
                graph: W::GRAPH,
                transition: &W::GRAPH.transitions[position],
                run,
                incarnation: stored.row.incarnation,
                message_id: self.message_id,
                only_now: self.only_now,
            };
            let run = Run::known(
                Arc::clone(engine),
                outgoing.run.clone(),
                outgoing.incarnation,
            );
            let (message_id, is_new) = outgoing.send(engine, encoded).await?;
            Ok(SentMessage {
                message_id,
                is_new,
                run,
            })
        })
    }
}

// Not what it carries.
impl<W> fmt::Debug for SignalJson<'_, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignalJson")
            .field("signal", &self.signal)
            .finish_non_exhaustive()
    }
}

/// A signal on its way to the store.
struct Outgoing {
    graph: &'static Graph,
    transition: &'static TransitionInfo,
    run: RunId,
    /// The run that is meant, of those that had the id.
    incarnation: u64,
    message_id: Option<String>,
    only_now: bool,
}

impl Outgoing {
    /// Stores the message. Returns its id, and true if it is new.
    async fn send(
        self,
        engine: &Engine,
        encoded: Result<Vec<u8>, CodecError>,
    ) -> Result<(String, bool), SignalError> {
        let (signal, only_now) = (self.transition.name, self.only_now);
        let payload = encoded.map_err(|source| SignalError::Payload { signal, source })?;
        let takers = if only_now {
            names(self.graph, self.transition.sources)
        } else {
            names(self.graph, &ahead(self.graph, self.transition.sources))
        };
        let id = self.message_id;
        let id = id.unwrap_or_else(|| RunId::unique().to_string());
        let run = self.run;
        let delivery = Delivery {
            message: Message {
                run: run.clone(),
                id: id.clone(),
                signal: signal.to_owned(),
                payload,
                at: engine.settings.clock.now(),
            },
            only_in: Some(takers),
            only_to: Some(self.incarnation),
        };
        let sent = engine.store.send(delivery).await;
        let sent = match sent {
            Err(StoreError::Ended { run }) => {
                let found = engine.store.get(&run).await.map_err(SignalError::Store)?;
                return Err(match found.map(|found| found.row.status) {
                    Some(status) => SignalError::Ended { run, status },
                    None => SignalError::NotFound { run },
                });
            }
            sent => sent.map_err(|error| refused(error, signal, only_now))?,
        };
        if self.transition.interrupts {
            engine.tell_of_a_message(&run);
        }
        engine.wake();
        Ok((id, sent == Sent::Kept))
    }
}

fn refused(error: StoreError, signal: &'static str, only_now: bool) -> SignalError {
    match error {
        StoreError::NotFound { run } => SignalError::NotFound { run },
        StoreError::NotInState { run, state } if only_now => {
            SignalError::NotAcceptedNow { run, signal, state }
        }
        StoreError::NotInState { run, state } => SignalError::NeverAccepted { run, signal, state },
        error => SignalError::Store(error),
    }
}

/// Returns the states from which one of these can be reached, these included.
fn ahead(graph: &Graph, of: &[usize]) -> Vec<usize> {
    let mut found = vec![false; graph.states.len()];
    let mut open: Vec<usize> = of.to_vec();
    while let Some(state) = open.pop() {
        if !std::mem::replace(&mut found[state], true) {
            let before = graph
                .transitions
                .iter()
                .filter(|it| it.targets.contains(&state));
            open.extend(before.flat_map(|it| it.sources));
        }
    }
    let states = found.iter().enumerate();
    states
        .filter_map(|(state, is_found)| is_found.then_some(state))
        .collect()
}

/// Returns true if a run in this state can come to one that takes the signal.
pub(super) fn is_ahead(graph: &Graph, state: &str, signal: &TransitionInfo) -> bool {
    let ahead = ahead(graph, signal.sources);
    ahead.iter().any(|it| graph.states[*it].name == state)
}

fn names(graph: &Graph, states: &[usize]) -> Vec<Name> {
    let names = states.iter().map(|state| graph.states[*state].name);
    names.map(Name::from).collect()
}

impl fmt::Display for SignalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SignalError::Id(error) => error.fmt(f),
            SignalError::Unknown { signal, known } => {
                let known = known.join("`, `");
                write!(f, "there is no signal `{signal}`: there are `{known}`")
            }
            SignalError::NotFound { run } => write!(f, "there is no run `{run}` in the store"),
            SignalError::Ended { run, status } => {
                write!(f, "run `{run}` has ended: it is {}", status.name())
            }
            SignalError::NeverAccepted { run, signal, state } => write!(
                f,
                "run `{run}` is in state `{state}`, and comes to no state that takes signal `{signal}`"
            ),
            SignalError::NotAcceptedNow { run, signal, state } => write!(
                f,
                "run `{run}` is in state `{state}`, which does not take signal `{signal}`"
            ),
            SignalError::Payload { signal, source } => {
                write!(f, "signal `{signal}` cannot carry this: {source}")
            }
            SignalError::Store(error) => error.fmt(f),
        }
    }
}

impl Error for SignalError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            SignalError::Payload { source, .. } => source.source(),
            SignalError::Store(error) => error.source(),
            _ => None,
        }
    }
}
