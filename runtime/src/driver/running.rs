//! A run in memory, which takes options until it is polled.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project::pin_project;
use stateway_core::Workflow;
use tokio_util::sync::CancellationToken;

use crate::run::Options;
use crate::wait::Remote;

/// A run on its way to a final state: a future that gives the end, or the error of the run.
///
/// It does nothing until it is polled, and works on any executor. A `timeout`, a `deadline`
/// and a delay between attempts are timers of tokio.
///
/// ```
/// # use stateway::prelude::*;
/// # workflow! { workflow Order { start Placed; done Charged; step charge: Placed -> Charged; } }
/// # struct Shop;
/// # impl OrderSteps for Shop {
/// #     type Error = String;
/// #     async fn charge(&self, _: Placed, step: &Step<Charge>) -> Result<Charge, String> { Ok(step.to(Charged)) }
/// # }
/// # pollster::block_on(async {
/// let stop = CancellationToken::new();
/// let run = Order::start(Placed).run(&Shop).cancelled_by(stop.clone());
/// match run.await {
///     Ok(OrderEnd::Charged(_)) => println!("charged"),
///     Err(error) => println!("{error}"),
/// }
/// # });
/// ```
///
/// # Cancel safety
///
/// Dropping it drops the handler that is running and the machine with it: nothing continues
/// elsewhere, and nothing is undone. To stop a run and undo what it did, see
/// [`cancelled_by`](Running::cancelled_by).
#[must_use = "a run does nothing until it is awaited"]
#[pin_project]
pub struct Running<'run, W: Workflow, C, F> {
    options: Options,
    #[pin]
    stage: Stage<'run, W, C, F>,
}

#[pin_project(project = StageProject)]
enum Stage<'run, W: Workflow, C, F> {
    Ready {
        parts: Option<(W::Input, W::State)>,
        context: &'run C,
        start: MakeRun<'run, W, C, F>,
    },
    Started {
        #[pin]
        run: F,
    },
}

impl<W: Workflow, C, F> Running<'_, W, C, F> {
    /// Returns a sender of signals to the run.
    ///
    /// ```
    /// # use stateway::prelude::*;
    /// # workflow! {
    /// #     workflow Leave {
    /// #         start Asked;
    /// #         done Granted { days: u32 };
    /// #         signal grant(u32): Asked -> Granted;
    /// #     }
    /// # }
    /// # struct Office;
    /// # impl LeaveSteps for Office {
    /// #     type Error = String;
    /// #     async fn grant(&self, _: Asked, days: u32, step: &Step<OnGrant>) -> Result<OnGrant, String> {
    /// #         Ok(step.to(Granted { days }))
    /// #     }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let mut run = Leave::start(Asked).run(&Office);
    /// let remote = run.remote();
    /// tokio::spawn(async move { remote.grant(3).await });
    /// assert!(matches!(run.await, Ok(LeaveEnd::Granted(Granted { days: 3 }))));
    /// # }
    /// ```
    ///
    /// # Panics
    /// If the run has been polled: take a remote before, and clone it.
    #[must_use]
    pub fn remote(&mut self) -> Remote<W> {
        assert!(
            matches!(self.stage, Stage::Ready { .. }),
            "a remote is taken before the run is polled"
        );
        let mailbox = self.options.mailbox.get_or_insert_with(Box::default);
        mailbox.remote()
    }
}

/// Makes the future of a run from the parts of its machine.
type MakeRun<'run, W, C, F> = fn(MachineParts<W>, &'run C, Options) -> F;

/// The input and the state of a machine.
type MachineParts<W> = (<W as Workflow>::Input, <W as Workflow>::State);

/// Returns a run that begins when it is polled.
pub fn running<'run, W: Workflow, C, F>(
    parts: (W::Input, W::State),
    context: &'run C,
    start: MakeRun<'run, W, C, F>,
) -> Running<'run, W, C, F> {
    Running {
        options: Options::default(),
        stage: Stage::Ready {
            parts: Some(parts),
            context,
            start,
        },
    }
}

/// Like [`running`], for a workflow with branches that run on tasks of their own: they share the context.
pub fn running_on<'run, W: Workflow, C: Send + Sync + 'static, F>(
    parts: (W::Input, W::State),
    context: &'run Arc<C>,
    start: MakeRun<'run, W, C, F>,
) -> Running<'run, W, C, F> {
    let mut running = running(parts, &**context, start);
    running.options.context = Some(Arc::clone(context) as _);
    running
}

impl<W: Workflow, C, F> Running<'_, W, C, F> {
    /// Cancels the run when `token` fires: it stops at the next boundary and is rolled back.
    ///
    /// A handler that is running is not interrupted: it sees the token
    /// ([`Step::cancellation`](crate::Step::cancellation)), and the run stops when it returns.
    /// A run that waits between attempts, or for a rate limiter, stops at once. A run that is
    /// in a final state by then has ended. A rollback is not cancelled.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use stateway::prelude::*;
    /// # workflow! {
    /// #     #[derive(Clone)]
    /// #     workflow Order {
    /// #         start Placed;
    /// #         state Reserved;
    /// #         done Charged;
    /// #         step reserve: Placed -> Reserved with undo(release);
    /// #         step charge: Reserved -> Charged with retry(forever, every 1h);
    /// #     }
    /// # }
    /// # struct Shop;
    /// # impl OrderSteps for Shop {
    /// #     type Error = String;
    /// #     async fn reserve(&self, _: Placed, step: &Step<Reserve>) -> Result<Reserve, String> { Ok(step.to(Reserved)) }
    /// #     async fn release(&self, _: Reserved, _: &Undo<Reserve>) -> Result<(), String> { Ok(()) }
    /// #     async fn charge(&self, _: Reserved, _: &Step<Charge>) -> Result<Charge, String> { Err("no answer".to_owned()) }
    /// # }
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let token = CancellationToken::new();
    /// let run = Order::start(Placed).run(&Shop).cancelled_by(token.clone());
    /// let customer = async {
    ///     tokio::time::sleep(Duration::from_mins(90)).await;
    ///     token.cancel();
    /// };
    /// let (end, ()) = tokio::join!(run, customer);
    /// let error = end.err().expect("it was cancelled");
    /// assert!(matches!(error.cause(), Cause::Cancelled { .. }));
    /// assert_eq!(error.rollback().to_string(), "undone: `reserve`");
    /// # }
    /// ```
    pub fn cancelled_by(mut self, token: CancellationToken) -> Self {
        self.options.cancellation = Some(token);
        self
    }

    /// Terminates the run when `token` fires: the handler that is running is dropped where it waits,
    /// and nothing is undone.
    ///
    /// In a rollback, the undo that is running ends first. An undo that waits for its next attempt gets none and has failed. The undos
    /// that were to follow are listed in [`Rollback::skipped`](crate::Rollback::skipped).
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use stateway::prelude::*;
    /// # workflow! {
    /// #     #[derive(Clone)]
    /// #     workflow Order {
    /// #         start Placed;
    /// #         state Reserved;
    /// #         done Charged;
    /// #         step reserve: Placed -> Reserved with undo(release);
    /// #         step charge: Reserved -> Charged;
    /// #     }
    /// # }
    /// # struct Shop;
    /// # impl OrderSteps for Shop {
    /// #     type Error = String;
    /// #     async fn reserve(&self, _: Placed, step: &Step<Reserve>) -> Result<Reserve, String> { Ok(step.to(Reserved)) }
    /// #     async fn release(&self, _: Reserved, _: &Undo<Reserve>) -> Result<(), String> { Ok(()) }
    /// #     async fn charge(&self, _: Reserved, _: &Step<Charge>) -> Result<Charge, String> { std::future::pending().await }
    /// # }
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let token = CancellationToken::new();
    /// let run = Order::start(Placed).run(&Shop).terminated_by(token.clone());
    /// let operator = async {
    ///     tokio::time::sleep(Duration::from_mins(5)).await;
    ///     token.cancel();
    /// };
    /// let (end, ()) = tokio::join!(run, operator);
    /// let error = end.err().expect("it was terminated");
    /// assert!(matches!(error.cause(), Cause::Terminated));
    /// assert_eq!(error.rollback().skipped[0].transition, "reserve");
    /// # }
    /// ```
    pub fn terminated_by(mut self, token: CancellationToken) -> Self {
        self.options.termination = Some(token);
        self
    }
}

impl<W: Workflow, C, F> Running<'_, W, C, F> {
    /// Starts the run, if it has not begun. It is a function of its own so that the stack of a poll has no room for the values
    /// that are moved here.
    #[inline(never)]
    fn start(self: Pin<&mut Self>) {
        let mut this = self.project();
        if let StageProject::Ready {
            parts,
            context,
            start,
        } = this.stage.as_mut().project()
        {
            let parts = parts.take().expect("a run starts once");
            let run = start(parts, context, std::mem::take(this.options));
            this.stage.set(Stage::Started { run });
        }
    }
}

impl<W: Workflow, C, F: Future> Future for Running<'_, W, C, F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.as_mut().start();
        match self.project().stage.project() {
            StageProject::Started { run } => run.poll(cx),
            StageProject::Ready { .. } => unreachable!("it was just started"),
        }
    }
}

impl<W: Workflow, C, F> fmt::Debug for Running<'_, W, C, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running")
            .field("workflow", &W::GRAPH.name)
            .finish_non_exhaustive()
    }
}
