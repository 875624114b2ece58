//! A run before it is started, and the settings of that.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::time::SystemTime;

use serde::Serialize;
use stateway_core::Transition;
use tokio::time::Instant;

use super::engine::Engine;
use super::error::StartError;
use super::handle::Run;
use super::signal::{SignalError, is_ahead};
use crate::payload::codec::{PayloadRef, guarded};
use crate::payload::durable::Durable;
use crate::run::{RunId, RunIdError};
use crate::store::{Message, NewRun};
use crate::wait::{Parts, Sealed, Signal, Signals};

/// A run before it is started, by [`Runner::start`](super::Runner::start). Awaiting this starts it.
///
/// ```
#[doc = include_str!("example.md")]
/// use std::time::SystemTime;
///
/// let tomorrow = SystemTime::now() + Duration::from_hours(24);
/// let run = runner
///     .start("o-42", OrderInput { customer: 7 }, Placed)
///     .at(tomorrow)
///     .priority(5)
///     .await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a run is started when this is awaited"]
pub struct Start<'a, W> {
    engine: &'a Arc<Engine>,
    new: Result<NewRun, StartError>,
    /// When the times of the run were set.
    asked: Instant,
    workflow: PhantomData<fn() -> W>,
}

impl<'a, W: Durable> Start<'a, W> {
    pub(super) fn new(
        engine: &'a Arc<Engine>,
        id: Result<RunId, RunIdError>,
        input: W::Input,
        state: W::State,
    ) -> Self {
        Start {
            engine,
            new: encoded::<W>(engine, id, input, state),
            asked: Instant::now(),
            workflow: PhantomData,
        }
    }

    /// Sets when the run is due, by the [clock](super::Builder::clock) of the runner. Nobody drives it before, unless it is
    /// asked to stop or gets a signal. Defaults to now.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// use std::time::SystemTime;
    ///
    /// let tomorrow = SystemTime::now() + Duration::from_hours(24);
    /// let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).at(tomorrow).await?;
    /// assert_eq!(run.info().await?.state, "Placed");
    /// # Ok(())
    /// # }
    /// ```
    pub fn at(mut self, due: SystemTime) -> Self {
        if let Ok(new) = &mut self.new {
            new.due = Some(due);
        }
        self
    }

    /// Sets the priority of the run. If there is no place for all runs that are due, the one with the highest priority is
    /// taken up first, however long others have waited. Defaults to 0.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// let express = runner.start("o-42", OrderInput { customer: 7 }, Placed).priority(10).await?;
    /// assert_eq!(express.info().await?.priority, 10);
    /// # Ok(())
    /// # }
    /// ```
    pub fn priority(mut self, priority: i8) -> Self {
        if let Ok(new) = &mut self.new {
            new.priority = priority;
        }
        self
    }

    /// Lets the run replace one with the same id that has ended, with whatever input that was started: the old run is removed
    /// with its history, in the same change. The new run has [keys](crate::Step::key) of its own. A run that has not
    /// ended is returned, as without this.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// let failed = runner.start("o-42", OrderInput { customer: 0 }, Placed).await?;
    /// assert!(failed.end().await.is_err());
    ///
    /// // The customer has corrected the order.
    /// let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).again().await?;
    /// assert!(run.is_new());
    /// # Ok(())
    /// # }
    /// ```
    pub fn again(mut self) -> Self {
        if let Ok(new) = &mut self.new {
            new.again = true;
        }
        self
    }

    /// Sends the run a signal as it is started, in the same change. If the run exists already, nothing is sent.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// let run = runner
    ///     .start("o-42", OrderInput { customer: 7 }, Placed)
    ///     .with_signal(|run| run.deliver("Ada".to_owned()))
    ///     .await?;
    /// assert!(matches!(run.end().await?, OrderEnd::Delivered(_)));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Without a [`message_id`](Signal::message_id) the message has the id `start/` with the name of the signal. From the second one
    /// of a signal on, its number follows, such as `start/add/2`. To wait for its outcome, send the signal again with the same id.
    pub fn with_signal<T, P, A>(
        mut self,
        signal: impl for<'s> FnOnce(&'s NotStarted<W>) -> Signal<'s, NotStarted<W>, T, P, A>,
    ) -> Self
    where
        T: Transition<Workflow = W>,
        P: Serialize,
    {
        if let Ok(new) = &mut self.new {
            let run = NotStarted(PhantomData);
            let parts = signal(&run).into_parts();
            match first_message::<W, T, P>(self.engine, new, parts) {
                // The same id is the same message.
                Ok(message) if new.messages.iter().any(|it| it.id == message.id) => {}
                Ok(message) => new.messages.push(message),
                Err(error) => self.new = Err(StartError::Signal(error)),
            }
        }
        self
    }
}

/// A run before it is started, to which [`Start::with_signal`] sends a signal.
///
/// ```
#[doc = include_str!("example.md")]
/// let run = runner
///     .start("o-42", OrderInput { customer: 7 }, Placed)
///     .with_signal(|run| run.deliver("Ada".to_owned()).message_id("request-17"))
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct NotStarted<W>(PhantomData<fn() -> W>);

impl<W> Sealed for NotStarted<W> {}

impl<W: Durable> Signals<W> for NotStarted<W> {}

impl<W: Durable, T, P, A> Signal<'_, NotStarted<W>, T, P, A> {
    /// Gives the message an id, as for a stored run.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// let start = runner
    ///     .start("o-42", OrderInput { customer: 7 }, Placed)
    ///     .with_signal(|run| run.deliver("Ada".to_owned()).message_id("request-17"));
    /// let run = start.await?;
    /// // To wait for its outcome, send it again with the same id.
    /// run.deliver("Ada".to_owned()).message_id("request-17").await?.applied().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn message_id(mut self, id: impl Into<String>) -> Self {
        self.parts().message_id = Some(id.into());
        self
    }
}

/// Encodes a message that a run has from the start.
fn first_message<W: Durable, T: Transition<Workflow = W>, P: Serialize>(
    engine: &Engine,
    new: &NewRun,
    parts: Parts<'_, NotStarted<W>, P>,
) -> Result<Message, SignalError> {
    let transition = &W::GRAPH.transitions[T::POSITION];
    let signal = transition.name;
    if !is_ahead(W::GRAPH, &new.state, transition) {
        return Err(SignalError::NeverAccepted {
            run: new.id.clone(),
            signal,
            state: new.state.clone(),
        });
    }
    let codec = &*engine.settings.codec;
    let payload = guarded(|| codec.encode(PayloadRef::new(&parts.payload)));
    let payload = payload.map_err(|source| SignalError::Payload { signal, source })?;
    let before = new.messages.iter().filter(|it| it.signal == signal).count();
    let id = parts.message_id;
    Ok(Message {
        run: new.id.clone(),
        id: id.unwrap_or_else(|| match before {
            0 => format!("start/{signal}"),
            before => format!("start/{signal}/{}", before + 1),
        }),
        signal: signal.to_owned(),
        payload,
        at: new.at,
    })
}

/// Encodes the run.
fn encoded<W: Durable>(
    engine: &Engine,
    id: Result<RunId, RunIdError>,
    input: W::Input,
    state: W::State,
) -> Result<NewRun, StartError> {
    let id = id.map_err(StartError::Id)?;
    if engine.is_closed() {
        return Err(engine.refusal());
    }
    let settings = &engine.settings;
    let position = W::position(&state);
    let name = W::GRAPH.states[position].name;
    let encoded = settings.encoded(
        "the input",
        |codec| W::encode_input(&input, codec),
        |bytes, codec| W::decode_input(bytes, codec).map(drop),
    )?;
    drop(input);
    let payload = settings.encoded(
        format_args!("state `{name}`"),
        |codec| W::encode(&state, codec),
        |bytes, codec| W::decode(position, bytes, codec).map(drop),
    )?;
    let index = W::index(&state);
    drop(state);
    let now = settings.clock.now();
    Ok(NewRun {
        index,
        input: encoded,
        payload,
        ..NewRun::new(id, W::NAME, W::VERSION, name, now)
    })
}

impl<'a, W: Durable> IntoFuture for Start<'a, W> {
    type Output = Result<Run<W>, StartError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        let (engine, new, asked) = (self.engine, self.new, self.asked);
        Box::pin(async move {
            let new = new?;
            let id = new.id.clone();
            let (incarnation, is_new) = engine.start(new, asked).await?;
            Ok(Run::started(Arc::clone(engine), id, incarnation, is_new))
        })
    }
}

impl<W> fmt::Debug for Start<'_, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.new.as_ref().map(|new| &new.id).ok();
        f.debug_struct("Start")
            .field("id", &id)
            .finish_non_exhaustive()
    }
}
