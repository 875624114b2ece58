//! Signals to a stored run.

use std::error::Error;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;

use serde::Serialize;
use stateway_core::{Graph, Transition};

use super::handle::Run;
use crate::payload::codec::{CodecError, PayloadRef, guarded};
use crate::payload::durable::Durable;
use crate::run::RunId;
use crate::store::{Delivery, Message, Name, Sent, StoreError};
use crate::wait::{Parts, Sealed, Signal, Signals};

/// A signal that is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SentSignal {
    /// The id of the message.
    pub message_id: String,
    /// Whether it was stored by this; otherwise the run had had a message with this id.
    pub is_new: bool,
}

/// Why a signal was not stored. Nothing has changed, unless the store could not answer.
#[derive(Debug)]
#[non_exhaustive]
pub enum SignalError {
    /// The store has no run with this id, or one that was started later.
    NotFound {
        /// The run.
        run: RunId,
    },
    /// The run has ended.
    Ended {
        /// The run.
        run: RunId,
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
    /// The state that the run is in does not take the signal, and it was to be sent only
    /// [if it does](Signal::if_accepted_now).
    NotAcceptedNow {
        /// The run.
        run: RunId,
        /// The signal.
        signal: &'static str,
        /// The state that the run is in.
        state: Name,
    },
    /// What the signal carries cannot be encoded.
    Payload {
        /// The signal.
        signal: &'static str,
        /// Why.
        source: CodecError,
    },
    /// The store did not do it.
    Store(StoreError),
}

impl<W> Sealed for Run<W> {}

impl<W: Durable> Signals<W> for Run<W> {}

impl<W: Durable, T, P> Signal<'_, Run<W>, T, P> {
    /// Gives the message an id: a second one with the same id is the same message, whatever it carries, and is
    /// applied once. Without this each is another.
    pub fn message_id(mut self, id: impl Into<String>) -> Self {
        self.parts().message_id = Some(id.into());
        self
    }

    /// Refuses the signal unless the state that the run is in, as it is stored, takes it. Without this it waits for a state
    /// that does.
    pub fn if_accepted_now(mut self) -> Self {
        self.parts().only_now = true;
        self
    }
}

impl<'a, W, T, P> IntoFuture for Signal<'a, Run<W>, T, P>
where
    W: Durable,
    T: Transition<Workflow = W>,
    P: Serialize + Send + 'a,
{
    type Output = Result<SentSignal, SignalError>;
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
        // Of a signal that carries nothing nothing is read.
        let encoded = guarded(|| codec.encode(PayloadRef::new(&payload)));
        drop(payload);
        let signal = transition.name;
        let states = if only_now {
            names(W::GRAPH, transition.sources)
        } else {
            names(W::GRAPH, &ahead(W::GRAPH, transition.sources))
        };
        Box::pin(async move {
            let payload = encoded.map_err(|source| SignalError::Payload { signal, source })?;
            let id = message_id.unwrap_or_else(|| RunId::unique().to_string());
            let delivery = Delivery {
                message: Message {
                    run: run.id().clone(),
                    id: id.clone(),
                    signal: signal.to_owned(),
                    payload,
                    at: run.engine().settings.clock.now(),
                },
                only_in: Some(states),
            };
            let sent = run.engine().store.send(delivery).await;
            let sent = sent.map_err(|error| refused(error, signal, only_now))?;
            run.engine().wake();
            Ok(SentSignal {
                message_id: id,
                is_new: sent == Sent::Kept,
            })
        })
    }
}

fn refused(error: StoreError, signal: &'static str, only_now: bool) -> SignalError {
    match error {
        StoreError::NotFound { run } => SignalError::NotFound { run },
        StoreError::Ended { run } => SignalError::Ended { run },
        StoreError::NotInState { run, state } if only_now => {
            SignalError::NotAcceptedNow { run, signal, state }
        }
        StoreError::NotInState { run, state } => SignalError::NeverAccepted { run, signal, state },
        error => SignalError::Store(error),
    }
}

/// The states from which one of these can be reached, these included.
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

fn names(graph: &Graph, states: &[usize]) -> Vec<Name> {
    let names = states.iter().map(|state| graph.states[*state].name);
    names.map(Name::from).collect()
}

impl fmt::Display for SignalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SignalError::NotFound { run } => write!(f, "there is no run `{run}` in the store"),
            SignalError::Ended { run } => write!(f, "run `{run}` has ended"),
            SignalError::NeverAccepted { run, signal, state } => write!(
                f,
                "run `{run}` is in state `{state}`, and comes to no state that takes signal `{signal}`"
            ),
            SignalError::NotAcceptedNow { run, signal, state } => write!(
                f,
                "run `{run}` is in state `{state}`, which does not take signal `{signal}`"
            ),
            SignalError::Payload { signal, source } => {
                write!(
                    f,
                    "what signal `{signal}` carries cannot be encoded: {source}"
                )
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
