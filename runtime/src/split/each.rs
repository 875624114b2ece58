//! The branches of an `each`: as many of one kind as there are items.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_buffered::FuturesUnorderedBounded;
use futures_core::Stream as _;
use pin_project::pin_project;
use stateway_core::{SplitInfo, Transition};

use super::branched::Branched;
use super::info;
use super::join::{Branches, Report, end};
use super::running_branch::{Attempt, RunningBranch, name};
use super::tally::Tally;
use crate::handler::{Branch, Step};
use crate::numbers::JoinTerms;

/// The branches of an `each`.
///
/// The running ones live in the slots of one allocation, which are used again. A branch is polled
/// when it was woken, in the order of the wakes: none waits for a sibling that is always ready.
#[pin_project]
pub struct Each<'run, T: Transition, F: Begin<T>> {
    step: &'run Step<T>,
    branch: F,
    // The number of items, and of those that have begun.
    items: usize,
    begun: usize,
    // The number of branches that may run at a time.
    at_most: usize,
    // Made when the first branch begins.
    running: Option<FuturesUnorderedBounded<RunningBranch<'run, T, F::Branch>>>,
    ended: Vec<EndedBranch<T, F>>,
}

pub(super) type EndedBranch<T, F> = Branched<Done<T, F>, Error<T, F>>;
type Done<T, F> = <<F as Begin<T>>::Branch as Attempt>::Done;
pub(super) type Error<T, F> = <<F as Begin<T>>::Branch as Attempt>::Error;

/// Makes the future of a branch. The future is an associated type for the same reason as the types of
/// [`Attempt`].
pub trait Begin<T: Transition> {
    /// The future of the branch.
    type Branch: Attempt;

    /// Makes the future.
    fn begin(&self, branch: Branch<T>) -> Self::Branch;
}

impl<T, F, Fut> Begin<T> for F
where
    T: Transition,
    F: Fn(Branch<T>) -> Fut,
    Fut: Attempt,
{
    type Branch = Fut;

    fn begin(&self, branch: Branch<T>) -> Fut {
        self(branch)
    }
}

/// Returns a branch for each of the items; a branch knows its item by its index.
pub fn each<T, F, Fut>(step: &Step<T>, items: usize, branch: F) -> Each<'_, T, F>
where
    T: Transition,
    F: Fn(Branch<T>) -> Fut + Begin<T>,
{
    let at_most = const {
        match info::<T>().branches[0].each {
            Some(each) => match each.at_most {
                Some(given) => given.written(),
                None => None,
            },
            None => None,
        }
    };
    Each {
        step,
        branch,
        items,
        begun: 0,
        at_most: at_most.unwrap_or(items),
        running: None,
        ended: Vec::new(),
    }
}

impl<T: Transition, F: Begin<T>> Each<'_, T, F> {
    /// Sets the number of branches that may run at a time from the join, if that is in a field.
    #[must_use]
    pub fn by(mut self, terms: &JoinTerms) -> Self {
        self.at_most = terms.at_most.unwrap_or(self.items);
        self
    }
}

/// Collects the items of an `each`: some collections are slow to give the item at a position.
pub fn items<'s, S: 's>(items: impl Iterator<Item = &'s S>) -> Vec<&'s S> {
    items.collect()
}

impl<T, F> Branches<Error<T, F>> for Each<'_, T, F>
where
    T: Transition,
    F: Begin<T>,
{
    type Outputs = Vec<EndedBranch<T, F>>;

    fn length(&self) -> usize {
        self.items
    }

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>, tally: &mut Tally) -> Poll<()> {
        let this = self.project();
        if this.running.is_none() {
            let length = *this.items;
            *this.running = Some(FuturesUnorderedBounded::new(length.min(*this.at_most)));
            this.ended.resize_with(length, || Branched::Cancelled);
        }
        let running = this.running.as_mut().expect("they were just made");
        loop {
            while *this.begun < *this.items
                && running.len() < running.capacity()
                && !this.step.run().is_told_to_stop()
            {
                let begin = |branch| this.branch.begin(branch);
                let begins_by = tally.limit();
                running.push(RunningBranch::new(
                    this.step,
                    0,
                    *this.begun,
                    begins_by,
                    begin,
                ));
                *this.begun += 1;
            }
            match Pin::new(&mut *running).poll_next(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => return Poll::Ready(()),
                Poll::Ready(Some((index, outcome))) => {
                    this.ended[index] = end(outcome, tally);
                    if tally.decided().is_some() {
                        return Poll::Ready(());
                    }
                }
            }
        }
    }

    fn stop(self: Pin<&mut Self>) {
        *self.project().running = None;
    }

    fn take(self: Pin<&mut Self>) -> Self::Outputs {
        let this = self.project();
        // It is still empty if the strategy was decided before the first branch began.
        this.ended.resize_with(*this.items, || Branched::Cancelled);
        std::mem::take(this.ended)
    }

    fn report(outputs: Self::Outputs, split: &SplitInfo) -> Report<Error<T, F>> {
        let mut report = Report::new();
        for (index, ended) in outputs.into_iter().enumerate() {
            report.add(name(split, 0, index), ended);
        }
        report
    }
}
