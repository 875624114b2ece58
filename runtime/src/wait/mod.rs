//! Runs that wait: when a timer fires, which event is next, and how a signal is sent.

mod mailbox;
mod next;
mod payload;
mod signal;
mod timing;

pub(crate) use mailbox::Mailbox;
pub use mailbox::{Remote, RunGone};
pub(crate) use next::{Next, next};
pub use payload::{AnyPayload, with_copy, with_payload};
#[cfg(feature = "durable")]
pub(crate) use signal::Parts;
pub(crate) use signal::Sealed;
pub use signal::{Signal, Signals, signal};
pub use timing::{PointInTime, TimeSpan, Timing};

use stateway_core::{Due, TransitionKind, Workflow};

/// A run in a state that waits: its timers, by the transition that each takes.
pub(crate) struct Waiting {
    /// The position of the state.
    pub(crate) state: usize,
    pub(crate) timers: Vec<(usize, Timing)>,
}

impl Waiting {
    /// That of a run in the state at this position; `timing` reads the times that its fields hold.
    pub(crate) fn of<W: Workflow>(state: usize, timing: impl Fn(usize) -> Option<Timing>) -> Self {
        let transitions = W::GRAPH.transitions.iter().enumerate();
        let timers = transitions.filter(|(_, it)| it.sources.contains(&state));
        let timers = timers.filter_map(|(position, it)| {
            let timing = match it.due? {
                Due::After(delay) => Timing::After(delay),
                _ => timing(position).expect("the field of a timer is read"),
            };
            Some((position, timing))
        });
        Waiting {
            state,
            timers: timers.collect(),
        }
    }

    /// The signal of this name, if the state takes it.
    #[cfg(feature = "durable")]
    pub(crate) fn signal<W: Workflow>(&self, name: &str) -> Option<usize> {
        let mut transitions = W::GRAPH.transitions.iter();
        let position = transitions.position(|it| it.name == name)?;
        self.takes::<W>(position).then_some(position)
    }

    /// Returns true if the state takes the signal at this position.
    pub(crate) fn takes<W: Workflow>(&self, position: usize) -> bool {
        let transition = &W::GRAPH.transitions[position];
        transition.kind == TransitionKind::Signal && transition.sources.contains(&self.state)
    }
}

/// The event of a run that waits.
pub(crate) enum Happens {
    /// A signal or a timer takes the transition at this position.
    Event(usize, AnyPayload),
    /// It is to stop.
    Stops,
    /// Nothing ever will: only a signal could move it, and nobody is left who could send one.
    Nothing,
}
