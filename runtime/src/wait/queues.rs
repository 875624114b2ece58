//! Signals that were sent to a run and that no state has taken yet, for runs in memory and in a store.

use std::collections::{BTreeMap, VecDeque};

/// A signal that is kept, with its number among all.
pub(crate) type Numbered<T> = (u64, T);

/// A queue for each signal, by its position in the graph: those for a later state cost nothing.
pub(crate) struct Queues<T> {
    by_signal: BTreeMap<usize, VecDeque<Numbered<T>>>,
    /// The number of the next signal.
    next: u64,
}

impl<T> Queues<T> {
    pub(crate) const fn new() -> Self {
        Queues {
            by_signal: BTreeMap::new(),
            next: 0,
        }
    }

    /// Adds a signal as the youngest.
    pub(crate) fn push(&mut self, signal: usize, sent: T) {
        let numbered = (self.next, sent);
        self.next += 1;
        let queue = self.by_signal.entry(signal).or_default();
        queue.push_back(numbered);
    }

    /// Returns the oldest of those that `takes` selects, with the position of its signal.
    pub(crate) fn oldest(&self, takes: impl Fn(usize) -> bool) -> Option<(usize, &T)> {
        let fitting = self.by_signal.iter().filter(|(signal, _)| takes(**signal));
        let first = fitting.filter_map(|(signal, queue)| Some((*signal, queue.front()?)));
        let (signal, (_, oldest)) = first.min_by_key(|(_, (number, _))| *number)?;
        Some((signal, oldest))
    }

    /// Takes out the oldest of a signal.
    pub(crate) fn take(&mut self, signal: usize) -> Option<Numbered<T>> {
        self.by_signal.get_mut(&signal)?.pop_front()
    }

    /// Takes out the oldest of a signal for which `is_it` is true.
    #[cfg(feature = "durable")]
    pub(crate) fn remove(
        &mut self,
        signal: usize,
        is_it: impl Fn(&T) -> bool,
    ) -> Option<Numbered<T>> {
        let queue = self.by_signal.get_mut(&signal)?;
        let place = queue.iter().position(|(_, sent)| is_it(sent))?;
        queue.remove(place)
    }

    /// Puts one back that was taken out, and that is older than all others of its signal.
    #[cfg(feature = "durable")]
    pub(crate) fn put_back(&mut self, signal: usize, taken: Numbered<T>) {
        self.by_signal.entry(signal).or_default().push_front(taken);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LATER: usize = 0;
    const A: usize = 5;
    const B: usize = 3;

    fn queues() -> Queues<u32> {
        let mut queues = Queues::new();
        for (signal, sent) in [(LATER, 1), (A, 2), (B, 3), (A, 4)] {
            queues.push(signal, sent);
        }
        queues
    }

    fn oldest(queues: &Queues<u32>) -> Option<(usize, u32)> {
        let oldest = queues.oldest(|signal| signal != LATER);
        oldest.map(|(signal, sent)| (signal, *sent))
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
        let taken = queues.take(A).unwrap();
        assert_eq!(oldest(&queues), Some((B, 3)));
        queues.put_back(A, taken);
        assert_eq!(oldest(&queues), Some((A, 2)));
    }

    #[cfg(feature = "durable")]
    #[test]
    fn one_that_is_removed_leaves_the_others_in_their_order() {
        let mut queues = queues();
        assert_eq!(queues.remove(A, |sent| *sent == 4), Some((3, 4)));
        assert_eq!(queues.remove(A, |sent| *sent == 4), None);
        assert_eq!(oldest(&queues), Some((A, 2)));
    }
}
