//! A run in a state that waits, and its next event, in one place for runs in memory and in a store.

use std::time::SystemTime;

use stateway_core::{Due, TransitionKind, Workflow};

use super::fired::{Firing, cut, fire};
use super::{Next, Timing, next};

/// A run in a state that waits: its timers and its poll, by the transition that each takes.
pub(crate) struct Waiting {
    /// The position of the state.
    pub(crate) state: usize,
    timers: Vec<(usize, Timing)>,
}

impl Waiting {
    /// Returns the timers of the state at this position; `timing` reads the times that its fields hold.
    pub(crate) fn of<W: Workflow>(state: usize, timing: impl Fn(usize) -> Option<Timing>) -> Self {
        let transitions = W::GRAPH.transitions.iter().enumerate();
        let timers = transitions.filter(|(_, it)| it.sources.contains(&state));
        let timers = timers.filter_map(|(position, it)| {
            let read = || timing(position).expect("the field of a timer is read");
            let timing = match it.due? {
                Due::After(delay) => delay.written().map_or_else(read, Timing::After),
                Due::Every(span) => {
                    let span = span.written();
                    span.map_or_else(read, |span| Timing::pauses(it.kind, span, span))
                }
                Due::Backoff { first, cap } => {
                    let pauses = first.written().zip(cap.written());
                    pauses.map_or_else(read, |(first, cap)| Timing::pauses(it.kind, first, cap))
                }
                _ => read(),
            };
            Some((position, timing))
        });
        Waiting {
            state,
            timers: timers.collect(),
        }
    }

    /// Returns a run in a state whose step or split runs: only a signal interrupts that.
    pub(crate) const fn in_a_step(state: usize) -> Self {
        Waiting {
            state,
            timers: Vec::new(),
        }
    }

    /// Returns true if the state takes the signal at this position.
    pub(crate) fn takes<W: Workflow>(&self, position: usize) -> bool {
        let transition = &W::GRAPH.transitions[position];
        transition.kind == TransitionKind::Signal && transition.sources.contains(&self.state)
    }

    /// Returns the next event in a state that was entered at `entered`. `oldest` is the oldest message that the state takes: the position
    /// of its signal, and the time when it came.
    pub(crate) fn next(
        &self,
        entered: SystemTime,
        fired: &[Firing],
        oldest: Option<(usize, SystemTime)>,
        now: SystemTime,
    ) -> Next<SystemTime> {
        let timers = self.timers.iter().filter_map(|(transition, timing)| {
            let fired = fired.iter().find(|it| it.transition == *transition);
            Some((*transition, timing.due(entered, fired)?))
        });
        // As a store keeps times: timers that are due in the same microsecond are due at once.
        next(
            timers,
            oldest.map(|(signal, came)| (signal, cut(came))),
            now,
        )
    }

    /// Notes that the transition fires now, if it is a timer or the poll.
    pub(crate) fn fires(
        &self,
        transition: usize,
        entered: SystemTime,
        fired: &mut Vec<Firing>,
        now: SystemTime,
    ) {
        let timer = self.timers.iter().find(|it| it.0 == transition);
        if let Some(timer) = timer {
            fire(fired, *timer, entered, now);
        }
    }
}
