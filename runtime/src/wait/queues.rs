//! Signals that were sent to a run and that no state has taken yet, in memory and of a store.

use std::borrow::Borrow;
use std::collections::{BTreeMap, VecDeque};

/// One that is kept, with its number among all.
pub(crate) type Numbered<T> = (u64, T);

/// A queue for each signal, so that those for a later state cost nothing.
pub(crate) struct Queues<S, T> {
    by_signal: BTreeMap<S, VecDeque<Numbered<T>>>,
    /// The number of the next.
    next: u64,
}

impl<S: Ord, T> Queues<S, T> {
    pub(crate) const fn new() -> Self {
        Queues {
            by_signal: BTreeMap::new(),
            next: 0,
        }
    }

    /// Adds the youngest.
    pub(crate) fn push(&mut self, signal: S, sent: T) {
        let numbered = (self.next, sent);
        self.next += 1;
        self.by_signal
            .entry(signal)
            .or_default()
            .push_back(numbered);
    }

    /// The oldest of the signals that are taken, with what `takes` gives for its signal.
    pub(crate) fn oldest<R>(&self, takes: impl Fn(&S) -> Option<R>) -> Option<(R, &T)> {
        let fitting = self.by_signal.iter().filter_map(|(signal, queue)| {
            let (number, oldest) = queue.front()?;
            Some((number, takes(signal)?, oldest))
        });
        let (_, given, oldest) = fitting.min_by_key(|(number, ..)| *number)?;
        Some((given, oldest))
    }

    /// Takes out the oldest of a signal.
    pub(crate) fn take<Q: Ord + ?Sized>(&mut self, signal: &Q) -> Option<Numbered<T>>
    where
        S: Borrow<Q>,
    {
        self.by_signal.get_mut(signal)?.pop_front()
    }

    /// Takes out the oldest of a signal that is this one.
    #[cfg(feature = "durable")]
    pub(crate) fn remove<Q: Ord + ?Sized>(
        &mut self,
        signal: &Q,
        is_it: impl Fn(&T) -> bool,
    ) -> Option<Numbered<T>>
    where
        S: Borrow<Q>,
    {
        let queue = self.by_signal.get_mut(signal)?;
        let place = queue.iter().position(|(_, sent)| is_it(sent))?;
        queue.remove(place)
    }

    /// Gives back one that was taken out, and that is older than all others of its signal.
    #[cfg(feature = "durable")]
    pub(crate) fn put_back(&mut self, signal: S, taken: Numbered<T>) {
        self.by_signal.entry(signal).or_default().push_front(taken);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queues() -> Queues<&'static str, u32> {
        let mut queues = Queues::new();
        for (signal, sent) in [("later", 1), ("b", 2), ("a", 3), ("b", 4)] {
            queues.push(signal, sent);
        }
        queues
    }

    fn oldest(queues: &Queues<&'static str, u32>) -> Option<(&'static str, u32)> {
        let takes = |signal: &&'static str| (*signal != "later").then_some(*signal);
        queues.oldest(takes).map(|(signal, sent)| (signal, *sent))
    }

    #[test]
    fn the_oldest_of_those_that_are_taken_is_next_whatever_its_signal() {
        let mut queues = queues();
        let mut order = Vec::new();
        while let Some((signal, _)) = oldest(&queues) {
            order.extend(queues.take(signal).map(|(_, sent)| sent));
        }
        assert_eq!(order, [2, 3, 4]);
    }

    #[cfg(feature = "durable")]
    #[test]
    fn one_that_is_put_back_is_next_again() {
        let mut queues = queues();
        let taken = queues.take("b").unwrap();
        assert_eq!(oldest(&queues), Some(("a", 3)));
        queues.put_back("b", taken);
        assert_eq!(oldest(&queues), Some(("b", 2)));
    }

    #[cfg(feature = "durable")]
    #[test]
    fn one_that_is_removed_leaves_the_others_in_their_order() {
        let mut queues = queues();
        assert_eq!(queues.remove("b", |sent| *sent == 4), Some((3, 4)));
        assert_eq!(queues.remove("b", |sent| *sent == 4), None);
        assert_eq!(oldest(&queues), Some(("b", 2)));
    }
}
