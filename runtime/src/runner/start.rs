//! A run that is to be started: what may be said of it before.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::time::SystemTime;

use super::engine::Engine;
use super::error::StartError;
use super::handle::Run;
use crate::payload::durable::Durable;
use crate::run::{RunId, RunIdError};
use crate::store::NewRun;

/// A run that is started when this is awaited.
///
/// ```no_run
/// # use std::time::{Duration, SystemTime};
/// # use stateway::{Durable, StartError, runner::Start};
/// # async fn tomorrow<W: Durable>(start: Start<'_, W>) -> Result<(), StartError> {
/// let tomorrow = SystemTime::now() + Duration::from_secs(86_400);
/// let run = start.at(tomorrow).priority(5).await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a run is started when this is awaited"]
pub struct Start<'a, W> {
    engine: &'a Arc<Engine>,
    new: Result<NewRun, StartError>,
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
            workflow: PhantomData,
        }
    }

    /// Sets when the run is due, by the [clock](super::Builder::clock) of the runner. Nobody drives it before, unless it is
    /// to stop. Defaults to now.
    pub fn at(mut self, due: SystemTime) -> Self {
        if let Ok(new) = &mut self.new {
            new.due = Some(due);
        }
        self
    }

    /// Sets which of the runs that are due is taken up first when there is not a place for all: the one with the highest
    /// priority, however long others have waited. Defaults to 0.
    pub fn priority(mut self, priority: i8) -> Self {
        if let Ok(new) = &mut self.new {
            new.priority = priority;
        }
        self
    }

    /// Lets the run take the place of one with the same id that has ended, whatever that was started with: it is removed
    /// with its history, in the same change. Its [keys](crate::Step::key) are not those of the new one. A run that has not
    /// ended is returned, as without this.
    pub fn again(mut self) -> Self {
        if let Ok(new) = &mut self.new {
            new.again = true;
        }
        self
    }
}

/// The run as it is stored.
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
        let (engine, new) = (self.engine, self.new);
        Box::pin(async move {
            let new = new?;
            let id = new.id.clone();
            let (incarnation, is_new) = engine.start(new).await?;
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
