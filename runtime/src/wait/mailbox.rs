//! The signals of a run in memory.

use std::error::Error;
use std::fmt;
use std::future::{IntoFuture, Ready, ready};
use std::marker::PhantomData;

use stateway_core::{Transition, Workflow};
use tokio::sync::mpsc::{
    UnboundedReceiver, UnboundedSender, error::TryRecvError, unbounded_channel,
};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::queues::Queues;
use super::{Answer, Answering, AnyPayload, Sealed, Signal, Signals};

/// Sends signals to a run in memory: clone it, and send it to where they come from.
///
/// If all remotes are dropped and only a signal could move the run, the run fails with
/// [`Cause::NoSignal`](crate::Cause::NoSignal).
///
/// ```
/// use stateway::prelude::*;
///
/// workflow! {
///     workflow Leave {
///         start Asked;
///         done Granted { days: u32 };
///         done Expired;
///
///         signal grant(u32): Asked -> Granted;
///         timer expire after 14d: Asked -> Expired;
///     }
/// }
///
/// struct Office;
///
/// impl LeaveSteps for Office {
///     type Error = String;
///
///     async fn grant(&self, _: Asked, days: u32, step: &Step<OnGrant>) -> Result<OnGrant, String> {
///         Ok(step.to(Granted { days }))
///     }
///
///     async fn expire(&self, _: Asked, step: &Step<OnExpire>) -> Result<OnExpire, String> {
///         Ok(step.to(Expired))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut run = Leave::start(Asked).run(&Office);
/// let remote = run.remote();
/// remote.grant(3).await?;
/// assert!(matches!(run.await, Ok(LeaveEnd::Granted(Granted { days: 3 }))));
/// # Ok(())
/// # }
/// ```
pub struct Remote<W> {
    letters: UnboundedSender<Letter>,
    workflow: PhantomData<fn() -> W>,
}

/// A signal that was sent.
struct Letter {
    /// The position of the transition.
    signal: usize,
    payload: AnyPayload,
    /// The waiting sender, if there is one.
    reply: Option<Reply>,
    came: Instant,
}

/// The channel for the answer to a signal.
pub(crate) type Reply = oneshot::Sender<AnyPayload>;

/// The receiving end, which the run has.
pub(crate) struct Mailbox {
    /// The sender that remotes are made from until the run begins.
    sender: Option<UnboundedSender<Letter>>,
    letters: UnboundedReceiver<Letter>,
    /// The signals that no state has taken yet, by their position in the graph.
    kept: Queues<Letter>,
    is_open: bool,
}

/// The run has ended, or was dropped: nobody takes the signal.
///
/// ```
/// # use stateway::prelude::*;
/// # workflow! {
/// #     workflow Leave {
/// #         start Asked;
/// #         done Granted;
/// #         signal grant: Asked -> Granted;
/// #     }
/// # }
/// # struct Office;
/// # impl LeaveSteps for Office {
/// #     type Error = String;
/// #     async fn grant(&self, _: Asked, step: &Step<OnGrant>) -> Result<OnGrant, String> { Ok(step.to(Granted)) }
/// # }
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let mut run = Leave::start(Asked).run(&Office);
/// let remote = run.remote();
/// remote.grant().await.expect("the run waits for it");
/// run.await.expect("it is granted");
/// if let Err(gone) = remote.grant().await {
///     assert_eq!(gone.to_string(), "the run has ended, or was dropped: nobody takes the signal");
/// }
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunGone;

impl Default for Mailbox {
    fn default() -> Self {
        let (sender, letters) = unbounded_channel();
        Mailbox {
            sender: Some(sender),
            letters,
            kept: Queues::new(),
            is_open: true,
        }
    }
}

impl Mailbox {
    /// Returns one more remote of a run that has not begun.
    pub(crate) fn remote<W>(&self) -> Remote<W> {
        let sender = self.sender.clone();
        Remote {
            letters: sender.unwrap_or_else(|| unreachable!("the run has not begun")),
            workflow: PhantomData,
        }
    }

    /// Begins the run: from now on only a remote keeps it open.
    pub(crate) fn begin(&mut self) {
        self.sender = None;
    }

    /// Returns the oldest signal of those that `takes` selects, with the time when it came.
    pub(crate) fn oldest(&mut self, takes: impl Fn(usize) -> bool) -> Option<(usize, Instant)> {
        loop {
            match self.letters.try_recv() {
                Ok(letter) => self.keep(letter),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => {
                    self.is_open = false;
                    break;
                }
            }
        }
        let (signal, oldest) = self.kept.oldest(takes)?;
        Some((signal, oldest.came))
    }

    /// Takes out the oldest letter of a signal, with the channel for its answer.
    pub(crate) fn take(&mut self, signal: usize) -> Option<(AnyPayload, Option<Reply>)> {
        let (_, letter) = self.kept.take(signal)?;
        Some((letter.payload, letter.reply))
    }

    fn keep(&mut self, letter: Letter) {
        self.kept.push(letter.signal, letter);
    }

    /// Returns true if more signals may come.
    pub(crate) fn is_open(&self) -> bool {
        self.is_open
    }

    /// Waits until a signal has come, or none can come any more.
    pub(crate) async fn wait(&mut self) {
        match self.letters.recv().await {
            Some(letter) => self.keep(letter),
            None => self.is_open = false,
        }
    }
}

impl<W> Sealed for Remote<W> {}

impl<W: Workflow> Signals<W> for Remote<W> {}

impl<W, T, P, A> IntoFuture for Signal<'_, Remote<W>, T, P, A>
where
    W: Workflow,
    T: Transition<Workflow = W>,
    P: Send + 'static,
{
    type Output = Result<(), RunGone>;
    type IntoFuture = Ready<Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        ready(self.post(None))
    }
}

impl<W, T, P, A> Signal<'_, Remote<W>, T, P, A>
where
    W: Workflow,
    T: Transition<Workflow = W>,
    P: Send + 'static,
{
    fn post(self, reply: Option<Reply>) -> Result<(), RunGone> {
        let parts = self.into_parts();
        let letter = Letter {
            signal: T::POSITION,
            payload: AnyPayload::new(parts.payload),
            reply,
            came: Instant::now(),
        };
        parts.to.letters.send(letter).map_err(|_| RunGone)
    }

    /// Sends the signal and waits for its answer.
    ///
    /// ```
    /// # use stateway::prelude::*;
    /// # workflow! {
    /// #     workflow Cart {
    /// #         start Open { items: Vec<String> };
    /// #         done Ordered;
    /// #         signal add(String) answers usize: Open;
    /// #         signal order: Open -> Ordered;
    /// #     }
    /// # }
    /// # struct Shop;
    /// # impl CartSteps for Shop {
    /// #     type Error = String;
    /// #     async fn add(&self, open: &mut Open, item: String, _: &Step<OnAdd>) -> Result<usize, String> {
    /// #         open.items.push(item);
    /// #         Ok(open.items.len())
    /// #     }
    /// #     async fn order(&self, _: Open, step: &Step<OnOrder>) -> Result<OnOrder, String> { Ok(step.to(Ordered)) }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// // signal add(String) answers usize: Open;
    /// # let mut run = Cart::start(Open { items: Vec::new() }).run(&Shop);
    /// # let remote = run.remote();
    /// # let customer = async {
    /// let items = remote.add("apples".to_owned()).answered().await?;
    /// assert_eq!(items, 1);
    /// # remote.order().await
    /// # };
    /// # let (end, sent) = tokio::join!(run, customer);
    /// # assert!(end.is_ok() && sent.is_ok());
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`RunGone`] if the run ends, or is dropped, before a state has taken the signal.
    ///
    /// # Cancel safety
    /// The signal is sent by this call. Dropping the future takes nothing back.
    // Not an `async fn`: a signal without an answer would then be three errors.
    pub fn answered(self) -> Answering<'static, A, RunGone>
    where
        A: Answer,
    {
        let (reply, answer) = oneshot::channel();
        let sent = self.post(Some(reply));
        Box::pin(async move {
            sent?;
            Ok(answer.await.map_err(|_| RunGone)?.take())
        })
    }
}

impl<W> Clone for Remote<W> {
    fn clone(&self) -> Self {
        Remote {
            letters: self.letters.clone(),
            workflow: PhantomData,
        }
    }
}

impl<W> fmt::Debug for Remote<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").finish_non_exhaustive()
    }
}

impl fmt::Display for RunGone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the run has ended, or was dropped: nobody takes the signal")
    }
}

impl Error for RunGone {}
