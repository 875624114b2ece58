//! The journal of a stored run: every transition is recorded before the next begins, and every undo before the one before it.

mod recorded;

use std::fmt::Display;
use std::future::pending;
use std::marker::PhantomData;
use std::time::SystemTime;
use std::vec::IntoIter;

use tracing::{error, warn};

use super::doubt;
use super::failure::{failure, message};
use super::held::{HeldRun, Loss, RunChange};
use super::inbox::Inbox;
use super::rollback::{Sources, entry, named};
use super::said::new_entries;
use crate::error::{Cause, ErasedValue, Place};
use crate::journal::{Ending, Entry, Journal, Taken};
use crate::payload::durable::Durable;
use crate::run::{CurrentRun, VisitEffects};
use crate::store::{Event, HistoryRow, LogEntry, Message, Name, Status};
use crate::support::panic::forget_panic;
use crate::wait::{AnyPayload, Firing, Happens, Next, Waiting};

use recorded::{answer, fired_by_name, fired_by_position, status, transition};
pub(super) use recorded::{ending, terminated};

/// The number of transitions that are read at a time.
const PAGE: usize = 64;

/// Records a held run.
pub(super) struct StoreJournal<'a, W> {
    held: &'a HeldRun,
    /// Transitions to be undone, the last first, as far as they were read.
    page: IntoIter<HistoryRow>,
    /// The source states of the effects among them.
    sources: Sources,
    /// The transition that is being undone.
    current: Undone,
    inbox: Inbox<'a, W>,
    /// The answer to the message of the current transition, until it is stored.
    answer: Option<Vec<u8>>,
    /// The log entries that were added since its state was stored last.
    said: Vec<LogEntry>,
    /// The timers and the poll that have fired in the state of the run.
    fired: Vec<Firing>,
    /// True if a poll was asked that left the run there, and the store does not know that yet.
    was_asked: bool,
    workflow: PhantomData<fn() -> W>,
}

/// A transition that is being undone: its number in the history, its name, and that of the handler.
#[derive(Default)]
struct Undone {
    of: u64,
    transition: Name,
    handler: Name,
}

impl<'a, W: Durable> StoreJournal<'a, W> {
    pub(super) fn new(held: &'a HeldRun, inbox: Vec<Message>) -> Self {
        StoreJournal {
            held,
            page: Vec::new().into_iter(),
            sources: Sources::default(),
            current: Undone::default(),
            inbox: Inbox::new(held, inbox),
            answer: None,
            said: Vec::new(),
            fired: fired_by_position::<W>(&held.fired()),
            was_asked: false,
            workflow: PhantomData,
        }
    }
}

impl<W: Durable> StoreJournal<'_, W> {
    /// Returns the next event of a run that entered its state at `entered`.
    fn next(&self, waiting: &Waiting, entered: SystemTime, now: SystemTime) -> Next<SystemTime> {
        let oldest = self.inbox.oldest(waiting);
        waiting.next(entered, &self.fired, oldest, now)
    }

    /// Releases the run until then, with the timers and the poll that have fired in its state.
    async fn give_back(&self, until: Option<SystemTime>) -> Loss {
        if self.was_asked {
            let fired = fired_by_name::<W>(&self.fired);
            self.held.wait_asked(until, fired).await
        } else {
            self.held.wait(until).await
        }
    }

    /// Returns the transition as a change. If nothing has happened yet that moves the run on, the change releases it.
    fn change(
        &self,
        taken: &Taken<'_, W>,
        message: Option<String>,
        answer: Option<Vec<u8>>,
    ) -> Result<RunChange, String> {
        let change = transition(taken, message, answer, &self.fired, self.held)?;
        let waiting = taken.waiting.as_ref();
        let Some(waiting) = waiting.filter(|_| change.status.is_live()) else {
            return Ok(change);
        };
        let is_internal = W::GRAPH.transitions[taken.transition].is_internal();
        let (entered, now) = if is_internal {
            (self.held.entered(), self.held.now())
        } else {
            let now = self.held.settings().clock.now();
            (now, now)
        };
        let next = self.next(waiting, entered, now);
        Ok(match next {
            Next::At(due) => change.waiting(now, Some(due)),
            Next::Never => change.waiting(now, None),
            Next::Timer(_) | Next::Message(_) => change,
        })
    }

    /// Forgets the fired timers of a state that this transition has left. The deadline fires once and for all.
    fn forget_firings(&mut self, transition: usize) {
        if W::GRAPH.transitions[transition].is_internal() {
            return;
        }
        let late = W::GRAPH.late();
        self.fired.retain(|it| Some(it.transition) == late);
        if late == Some(transition) {
            self.fired.push(Firing {
                transition,
                at: self.held.now(),
                made: 1,
            });
            self.held.set_deadline(None);
        }
    }
}

impl<W: Durable, E: Display> Journal<W, E> for StoreJournal<'_, W> {
    type Lost = Loss;

    const WAITS: bool = true;

    fn entered(
        &mut self,
        taken: Taken<'_, W>,
        _: impl FnOnce() -> Option<(usize, W::State)>,
    ) -> impl Future<Output = Result<(), Loss>> {
        let held = self.held;
        let target = &W::GRAPH.states[W::position(taken.state)];
        doubt::settle::<W>(held, Some(taken.transition), &taken.effects);
        self.was_asked = false;
        self.inbox.grows_old();
        self.forget_firings(taken.transition);
        // The message that led to a transient state is consumed with the next state that is stored.
        let message = if target.transient {
            None
        } else {
            self.inbox.consumed()
        };
        let answer = answer(&taken, held).map(|answer| answer.or_else(|| self.answer.take()));
        let said = new_entries::<W>(taken.logs, held.settings());
        let answer = answer.and_then(|answer| {
            self.said.extend(said?);
            Ok(answer)
        });
        let change = match answer {
            Ok(answer) if target.transient => {
                self.answer = answer;
                None
            }
            Ok(answer) => {
                let change = self.change(&taken, message, answer);
                let said = std::mem::take(&mut self.said);
                Some(change.map(|change| change.saying(said)))
            }
            Err(reason) => Some(Err(reason)),
        };
        async move {
            match change {
                None => Ok(()),
                Some(Ok(change)) => held.record(change).await,
                Some(Err(reason)) => Err(held.park(&reason).await),
            }
        }
    }

    fn given_up(&mut self) {
        self.answer = None;
        self.inbox.put_back();
    }

    fn stayed(&mut self) {
        self.was_asked = true;
        self.inbox.grows_old();
        self.held.was_asked();
    }

    async fn next_event(&mut self, waiting: Waiting, run: &CurrentRun<W>) -> Result<Happens, Loss> {
        let held = self.held;
        if held.is_to_pause() {
            return Err(self.give_back(Some(held.now())).await);
        }
        let (entered, now) = (held.entered(), held.now());
        let mut next = self.next(&waiting, entered, now);
        // The handler that ran has returned, and none begins.
        let is_last = self.inbox.may_lack() && held.is_draining();
        if let Next::Timer(_) = next
            && self.inbox.may_lack()
            && !self.was_asked
            && !is_last
        {
            // A message may have come before the timer was due.
            self.inbox.read().await?;
            next = self.next(&waiting, entered, now);
        }
        let until = match next {
            Next::Timer(_) | Next::Message(_) if is_last => Some(now),
            // The firings so far are kept before there are more.
            Next::Timer(_) if self.was_asked => Some(now),
            Next::Timer(timer) => {
                waiting.fires(timer, entered, &mut self.fired, now);
                return Ok(Happens::Event(timer, AnyPayload::nothing()));
            }
            Next::Message(signal) => {
                let payload = self.inbox.take(signal).await?;
                if W::GRAPH.states[waiting.state].interrupted {
                    doubt::interrupted(held, run).await?;
                    let transition = W::GRAPH.transitions[signal].name;
                    held.waits_no_more(run.visit() + 1, transition).await?;
                }
                return Ok(Happens::Event(signal, payload));
            }
            Next::At(due) => Some(due),
            Next::Never => None,
        };
        Err(self.give_back(until).await)
    }

    async fn is_interrupted(&mut self, waiting: &Waiting) -> Result<Option<bool>, Loss> {
        if self.held.is_draining() {
            return Ok(None);
        }
        if self.inbox.may_lack() {
            // A message that was sent before the state was entered comes before its step.
            self.inbox.read().await?;
        }
        Ok(Some(self.inbox.oldest(waiting).is_some()))
    }

    async fn interrupted(&mut self, waiting: &Waiting) -> Result<(), Loss> {
        loop {
            self.inbox.read_news().await?;
            if self.held.is_draining() {
                return pending().await;
            }
            if self.held.is_to_pause() {
                // The handler that runs ends before.
                self.held.is_told_to_pause(false).await;
            }
            if self.inbox.oldest(waiting).is_some() {
                return Ok(());
            }
        }
    }

    // The future does not hold the error of the user, which may not be shared between threads.
    fn failed(
        &mut self,
        place: Place,
        cause: &Cause<E>,
        ending: Ending,
        effects: VisitEffects,
        last: Option<Entry<W>>,
    ) -> impl Future<Output = Result<(), Loss>> {
        // Its state is stored, or the run is parked.
        let step = doubt::settle::<W>(self.held, None, &effects);
        forget_panic(|| drop((last, effects)));
        let failure = failure::<W, _>(place, cause, self.held.settings());
        let transition = place.transition.map(|it| &W::GRAPH.transitions[it]);
        let pauses = transition.is_some_and(|it| it.policy.pauses) && cause.is_of_visit();
        let has_undos = self.held.undos() > 0 || self.held.has_effects(None);
        let is_to_undo = ending.rolls_back() && has_undos;
        let status = status(ending, is_to_undo);
        let event = if status == Status::RollingBack {
            Event::RollbackBegan
        } else {
            Event::Ended
        };
        let held = self.held;
        async move {
            if pauses {
                // Not the error, which may quote a payload.
                warn!(
                    workflow = W::NAME, run = %held.id(),
                    transition = failure.transition.as_deref(), attempts = failure.attempts,
                    "the last attempt has failed, and the run is paused: find out why, and resume it"
                );
                // The attempts begin anew when it is resumed.
                if let Some(step) = step {
                    held.note_doubt(&step).await?;
                }
                return Err(held.pause(failure).await);
            }
            held.record(RunChange::new(event, status).because(failure))
                .await
        }
    }

    fn has_undos(&self) -> bool {
        self.held.undos() > 0
    }

    async fn next_undo(&mut self) -> Result<Option<Entry<W>>, Loss> {
        let held = self.held;
        if held.has_ended() {
            return Ok(None);
        }
        if self.page.len() == 0 {
            let page = held.asked(|| held.store().undoable(held.id(), PAGE));
            self.page = page.await?.into_iter();
        }
        let Some(row) = self.page.next() else {
            return Ok(None);
        };
        if let Some(number) = self.sources.lacks(&row) {
            let found = held
                .asked(|| held.store().history(held.id(), number, 1))
                .await?;
            self.sources
                .knows(found.into_iter().find(|row| row.number == number));
        }
        let (transition, handler) = named(&row);
        self.current = Undone {
            of: row.number,
            transition,
            handler,
        };
        match entry::<W>(row, &mut self.sources, &*held.settings().codec) {
            Ok(entry) => Ok(Some(entry)),
            Err(reason) => Err(held.park(&reason).await),
        }
    }

    async fn undone(
        &mut self,
        undone: Result<(), (Cause<E>, ErasedValue)>,
        attempts: u32,
        ending: Ending,
    ) -> Result<(), Loss> {
        let Undone {
            of,
            transition,
            handler,
        } = std::mem::take(&mut self.current);
        let event = match undone {
            Ok(()) => Event::Undone { of, attempts },
            Err((Cause::Terminated, _)) => {
                let change = RunChange::new(Event::Ended, Status::Terminated);
                return self.held.record(change).await;
            }
            Err((cause, _)) => {
                // Not the error, which may quote a payload.
                error!(
                    workflow = W::NAME, run = %self.held.id(), %transition, %handler, attempts,
                    "a transition could not be undone: find out why, and retry the rollback"
                );
                Event::NotUndone {
                    of,
                    attempts,
                    cause: message(&cause, self.held.settings()),
                }
            }
        };
        let status = status(ending, self.held.undos() > 1);
        self.held.record(RunChange::new(event, status)).await
    }

    async fn skipped(&mut self, _: Entry<W>) -> Result<(), Loss> {
        let change = RunChange::new(Event::Ended, Status::Terminated);
        self.held.record(change).await
    }

    async fn rolled_back(&mut self, ending: Ending) -> Result<(), Loss> {
        // It has ended with the last undo, unless there was less to be undone than the row says.
        if self.held.has_ended() {
            return Ok(());
        }
        let change = RunChange::new(Event::Ended, status(ending, false));
        self.held.record(change).await
    }
}
