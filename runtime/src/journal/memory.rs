//! The journal of a run in memory: the states that its undos need, and then the results of the undos.

use std::convert::Infallible;
use std::future::{Future, pending, poll_fn, ready};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::SystemTime;

use stateway_core::Workflow;
use tokio::time::{Instant, sleep_until};

use super::{Ending, Entry, Journal, Left, Taken};
use crate::error::{Cause, ErasedValue, Place, Rollback, UndoEntry, UndoError};
use crate::run::{CurrentRun, UndoOf, VisitEffects};
use crate::support::panic::forget_panic;
use crate::support::time::{after, later};
use crate::wait::{AnyPayload, Firing, Happens, Mailbox, Next, Reply, Waiting};

/// Keeps the entries of a run that may have to be undone.
pub(crate) struct InMemory<W: Workflow, E> {
    entries: Vec<Entry<W>>,
    /// The signals that are sent to it, if it has a [`Remote`](crate::Remote).
    mailbox: Option<Box<Mailbox>>,
    // Boxed for the runs that never wait.
    stay: Option<Box<Stay>>,
    // Boxed for the runs that end well.
    back: Option<Box<Back<E>>>,
}

/// The stay in a state that waits.
struct Stay {
    /// The beginning of the stay by both clocks; `None` if the run has left the state.
    began: Option<(SystemTime, Instant)>,
    /// The timers and the poll that have fired since.
    fired: Vec<Firing>,
    /// The waiting sender of the signal that is taken.
    reply: Option<Reply>,
}

impl Stay {
    fn of(stay: &mut Option<Box<Stay>>) -> &mut Stay {
        stay.get_or_insert_with(|| {
            Box::new(Stay {
                began: None,
                fired: Vec::new(),
                reply: None,
            })
        })
    }
}

/// The progress of a rollback.
struct Back<E> {
    /// The transition that is being undone.
    current: Option<UndoEntry>,
    report: Rollback<E>,
}

impl<W: Workflow, E> InMemory<W, E> {
    pub(crate) fn new(mut mailbox: Option<Box<Mailbox>>) -> Self {
        if let Some(mailbox) = &mut mailbox {
            mailbox.begin();
        }
        InMemory {
            entries: Vec::new(),
            mailbox,
            stay: None,
            back: None,
        }
    }

    fn back(&mut self) -> &mut Back<E> {
        self.back.get_or_insert_with(|| {
            Box::new(Back {
                current: None,
                report: Rollback::nothing(),
            })
        })
    }

    /// Skips all entries that are left.
    fn skip(&mut self) {
        let left: Vec<_> = self.entries.iter().rev().map(Entry::name).collect();
        self.back().report.skipped.extend(left);
    }

    /// Returns the report of the rollback.
    pub(crate) fn into_rollback(self) -> Rollback<E> {
        // A state may panic when it is dropped.
        forget_panic(|| drop(self.entries));
        self.back.map_or_else(Rollback::nothing, |back| back.report)
    }
}

impl<W: Workflow, E> Journal<W, E> for InMemory<W, E> {
    type Lost = Infallible;

    const WAITS: bool = false;

    #[inline]
    fn entered(
        &mut self,
        taken: Taken<'_, W>,
        copy: impl FnOnce() -> Option<(usize, W::State)>,
    ) -> impl Future<Output = Result<(), Infallible>> {
        // First, since the copy may panic.
        let effects = taken.effects.done.into_iter().map(Entry::from);
        self.entries.extend(effects);
        if let Some((undo, state)) = copy() {
            self.entries.push(Entry {
                transition: taken.transition,
                visit: taken.visit,
                state: W::position(&state),
                undo: UndoOf::Target(undo),
                left: Left::State(state),
            });
        }
        if const { !W::GRAPH.logs.is_empty() } {
            taken.logs.keep();
        }
        if const { W::GRAPH.has_events() }
            && let Some(stay) = &mut self.stay
        {
            if let Some(reply) = stay.reply.take() {
                // The sender may not wait for it any more.
                let _ = reply.send(taken.answer);
            }
            if !W::GRAPH.transitions[taken.transition].is_internal() {
                stay.began = None;
                stay.fired.clear();
            }
        }
        ready(Ok(()))
    }

    fn given_up(&mut self) {
        if let Some(stay) = &mut self.stay {
            stay.reply = None;
        }
    }

    fn stayed(&mut self) {}

    async fn next_event(
        &mut self,
        waiting: Waiting,
        run: &CurrentRun<W>,
    ) -> Result<Happens, Infallible> {
        let stay = Stay::of(&mut self.stay);
        let began = stay
            .began
            .get_or_insert_with(|| (SystemTime::now(), Instant::now()));
        let (entered, since) = *began;
        // A steady clock continues if that of the system is set.
        let wall = |time: Instant| match time.checked_duration_since(since) {
            Some(passed) => later(entered, passed),
            None => entered - (since - time),
        };
        let mailbox = &mut self.mailbox;
        loop {
            let oldest = mailbox.as_mut().and_then(|mailbox| {
                let (signal, came) = mailbox.oldest(|signal| waiting.takes::<W>(signal))?;
                Some((signal, wall(came)))
            });
            let now = wall(Instant::now());
            let until = match waiting.next(entered, &stay.fired, oldest, now) {
                Next::Timer(timer) => {
                    waiting.fires(timer, entered, &mut stay.fired, now);
                    return Ok(Happens::Event(timer, AnyPayload::nothing()));
                }
                Next::Message(signal) => {
                    let letter = mailbox.as_mut().and_then(|mailbox| mailbox.take(signal));
                    let (payload, reply) = letter.unwrap_or_else(|| unreachable!("it is there"));
                    stay.reply = reply;
                    return Ok(Happens::Event(signal, payload));
                }
                Next::At(due) => {
                    let left = due.duration_since(entered).unwrap_or_default();
                    Some(after(since, left))
                }
                Next::Never => None,
            };
            let mut mailbox = mailbox.as_mut().filter(|mailbox| mailbox.is_open());
            if until.is_none() && mailbox.is_none() {
                return Ok(Happens::Nothing);
            }
            let mut sleep = pin!(until.map(sleep_until));
            let mut letter = pin!(mailbox.as_mut().map(|mailbox| mailbox.wait()));
            let mut stop = pin!(run.cancellation().map(|token| token.cancelled()));
            let stops = poll_fn(|cx| {
                let is_over = |waits: Option<Pin<&mut dyn Future<Output = ()>>>,
                               cx: &mut Context<'_>| {
                    waits.is_some_and(|waits| waits.poll(cx).is_ready())
                };
                if is_over(stop.as_mut().as_pin_mut().map(|it| it as _), cx) {
                    return Poll::Ready(true);
                }
                let comes = is_over(letter.as_mut().as_pin_mut().map(|it| it as _), cx)
                    || is_over(sleep.as_mut().as_pin_mut().map(|it| it as _), cx);
                if comes {
                    Poll::Ready(false)
                } else {
                    Poll::Pending
                }
            });
            if stops.await {
                return Ok(Happens::Stops);
            }
        }
    }

    async fn is_interrupted(&mut self, waiting: &Waiting) -> Result<Option<bool>, Infallible> {
        let Some(mailbox) = &mut self.mailbox else {
            return Ok(None);
        };
        let has_come = mailbox
            .oldest(|signal| waiting.takes::<W>(signal))
            .is_some();
        Ok((has_come || mailbox.is_open()).then_some(has_come))
    }

    async fn interrupted(&mut self, waiting: &Waiting) -> Result<(), Infallible> {
        let Some(mailbox) = &mut self.mailbox else {
            return pending().await;
        };
        loop {
            let oldest = mailbox.oldest(|signal| waiting.takes::<W>(signal));
            if oldest.is_some() {
                return Ok(());
            }
            if !mailbox.is_open() {
                return pending().await;
            }
            mailbox.wait().await;
        }
    }

    // An error of the user's may not be shared between threads, so the future does not have it.
    fn failed(
        &mut self,
        _: Place,
        _: &Cause<E>,
        ending: Ending,
        effects: VisitEffects,
        last: Option<Entry<W>>,
    ) -> impl Future<Output = Result<(), Infallible>> {
        let noted = self.entries.last().map(|entry| (entry.visit, entry.undo));
        let last = last.filter(|last| noted != Some((last.visit, last.undo)));
        self.entries
            .extend(effects.done.into_iter().map(Entry::from));
        self.entries.extend(last);
        if !ending.rolls_back() {
            self.skip();
        }
        ready(Ok(()))
    }

    fn has_undos(&self) -> bool {
        !self.entries.is_empty()
    }

    async fn next_undo(&mut self) -> Result<Option<Entry<W>>, Infallible> {
        let next = self.entries.pop();
        self.back().current = next.as_ref().map(Entry::name);
        Ok(next)
    }

    async fn undone(
        &mut self,
        undone: Result<(), (Cause<E>, ErasedValue)>,
        attempts: u32,
        _: Ending,
    ) -> Result<(), Infallible> {
        let back = self.back();
        if let Some(entry) = back.current.take() {
            match undone {
                Ok(()) => back.report.undone.push(entry),
                Err((cause, state)) => back.report.failed.push(UndoError {
                    entry,
                    attempts,
                    cause,
                    state,
                }),
            }
        }
        Ok(())
    }

    async fn skipped(&mut self, entry: Entry<W>) -> Result<(), Infallible> {
        self.entries.push(entry);
        self.skip();
        Ok(())
    }

    async fn rolled_back(&mut self, _: Ending) -> Result<(), Infallible> {
        Ok(())
    }
}
