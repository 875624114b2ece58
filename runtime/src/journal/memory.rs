//! The journal of a run in memory: the states that its undos need, and then what became of them.

use std::convert::Infallible;
use std::future::ready;

use stateway_core::Workflow;

use super::{Ending, Entry, Journal, Taken};
use crate::error::{Cause, ErasedValue, Place, Rollback, UndoEntry, UndoError};
use crate::support::panic::forget_panic;

/// Keeps of a run what may have to be undone.
pub(crate) struct InMemory<W: Workflow, E> {
    entries: Vec<Entry<W>>,
    // Boxed for the runs that end well.
    back: Option<Box<Back<E>>>,
}

/// What a rollback has done so far.
struct Back<E> {
    /// The transition that is being undone.
    current: Option<UndoEntry>,
    report: Rollback<E>,
}

impl<W: Workflow, E> InMemory<W, E> {
    pub(crate) const fn new() -> Self {
        InMemory {
            entries: Vec::new(),
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

    /// Nothing of what is left is undone.
    fn skip(&mut self) {
        let left: Vec<_> = self.entries.iter().rev().map(Entry::name).collect();
        self.back().report.skipped.extend(left);
    }

    /// What the rollback did.
    pub(crate) fn into_rollback(self) -> Rollback<E> {
        // A state may panic as it goes.
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
        if let Some((undo, state)) = copy() {
            self.entries.push(Entry {
                transition: taken.transition,
                visit: taken.visit,
                undo,
                state,
            });
        }
        ready(Ok(()))
    }

    // An error of the user's may not be shared between threads, so the future does not have it.
    fn failed(
        &mut self,
        _: Place,
        _: &Cause<E>,
        ending: Ending,
        last: Option<Entry<W>>,
    ) -> impl Future<Output = Result<(), Infallible>> {
        let noted = self.entries.last().map(|entry| entry.visit);
        let last = last.filter(|last| noted != Some(last.visit));
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
