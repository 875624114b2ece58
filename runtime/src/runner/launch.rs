//! The launch of a runner, and the compiler messages where a runner is used that is not launched.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::builder::Builder;
use super::launch_error::LaunchError;
use super::start::Start;
use super::{Runner, StopOnDrop};

/// The launch of a [`Runner`], or of [`Runners`](super::Runners), by [`Builder::launch`]. Awaiting this begins to drive.
///
/// ```
#[doc = include_str!("example.md")]
/// let launch = Runner::<Order>::builder(Shop).store(MemoryStore::new()).launch();
/// let runner: Runner<Order> = launch.await?;
/// # Ok(())
/// # }
/// ```
// Without the type of the store, so that one which is none is one error, where it is given.
#[must_use = "a runner is launched when this is awaited"]
pub struct Launch<R> {
    engine: Engine,
    runner: fn(Arc<StopOnDrop>) -> R,
}

type Engine = Pin<Box<dyn Future<Output = Result<Arc<StopOnDrop>, LaunchError>> + Send>>;

impl<R> Launch<R> {
    pub(super) fn new(
        engine: impl Future<Output = Result<Arc<StopOnDrop>, LaunchError>> + Send + 'static,
        runner: fn(Arc<StopOnDrop>) -> R,
    ) -> Self {
        Launch {
            engine: Box::pin(engine),
            runner,
        }
    }
}

impl<R> Future for Launch<R> {
    type Output = Result<R, LaunchError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let launched = self.engine.as_mut().poll(cx);
        launched.map_ok(self.runner)
    }
}

impl<R> fmt::Debug for Launch<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Launch").finish_non_exhaustive()
    }
}

/// A runner that is launched. Nothing implements it: where a method asks for it, the runner is not.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "runs are started by a runner that is launched, and this one is not",
    label = "not launched",
    note = "a runner is what `.launch().await?` gives, behind the settings"
)]
pub trait Launched {}

// Without these methods rustc says that there is none, and not why.
impl<W, S> Builder<Runner<W>, S> {
    #[doc(hidden)]
    pub fn start<Id, Input, State>(&self, _: Id, _: Input, _: State) -> Start<'_, W>
    where
        Self: Launched,
    {
        unreachable!("no call of it compiles")
    }
}

impl<W> Launch<Runner<W>> {
    #[doc(hidden)]
    pub fn start<Id, Input, State>(&self, _: Id, _: Input, _: State) -> Start<'_, W>
    where
        Self: Launched,
    {
        unreachable!("no call of it compiles")
    }
}
