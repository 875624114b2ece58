//! A run before it is polled: what may still be said about it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use stateway_core::Workflow;
use tokio_util::sync::CancellationToken;

use crate::run::Options;
use crate::wait::Remote;

pin_project! {
    /// A run on its way to a final state: a future that gives the end, or what went wrong.
    ///
    /// It does nothing until it is polled, and works on any executor; what a `timeout`, a `deadline`
    /// or a delay between attempts waits for are the timers of tokio.
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops the handler that is running and the machine with it: nothing goes on
    /// elsewhere, and nothing is undone. To stop a run and undo what it did, see
    /// [`cancelled_by`](Running::cancelled_by).
    #[must_use = "a run does nothing until it is awaited"]
    pub struct Running<'run, W: Workflow, C, F> {
        options: Options,
        #[pin]
        stage: Stage<'run, W, C, F>,
    }
}

pin_project! {
    #[project = StageProject]
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
}

impl<W: Workflow, C, F> Running<'_, W, C, F> {
    /// A sender of signals to the run.
    ///
    /// # Panics
    /// If the run has been polled: take it before, and clone it.
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

/// Makes the future of a run of the parts of its machine.
type MakeRun<'run, W, C, F> = fn(MachineParts<W>, &'run C, Options) -> F;

/// The input and the state of a machine.
type MachineParts<W> = (<W as Workflow>::Input, <W as Workflow>::State);

/// A run that begins when it is polled.
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

/// The same, for a workflow with branches that run on tasks of their own: they share the context.
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
    /// A handler that is running is not interrupted; it sees the token
    /// ([`Step::cancellation`](crate::Step::cancellation)), and the run stops when it returns.
    /// Where a run waits between attempts, or for a rate limiter, it stops at once. A run that is
    /// in a final state by then has ended. A rollback is not cancelled.
    pub fn cancelled_by(mut self, token: CancellationToken) -> Self {
        self.options.cancellation = Some(token);
        self
    }

    /// Terminates the run when `token` fires: the handler that is running is dropped where it waits,
    /// and nothing is undone.
    ///
    /// In a rollback, the undo that is running ends first. One that waits for its next attempt gets none and has failed; those that were
    /// to follow are skipped.
    /// What was left as it is stands in [`Rollback::skipped`](crate::Rollback::skipped).
    pub fn terminated_by(mut self, token: CancellationToken) -> Self {
        self.options.termination = Some(token);
        self
    }
}

impl<W: Workflow, C, F> Running<'_, W, C, F> {
    /// Starts the run, if it has not. Apart from its polls, which are not to have what is moved here on their stack.
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
