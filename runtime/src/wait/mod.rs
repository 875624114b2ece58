//! Runs that wait: the times of timers and polls, the order of events, and the sending of signals.

mod answer;
mod fired;
mod mailbox;
mod next;
mod payload;
mod queues;
mod signal;
mod timing;
mod waiting;

pub(crate) use answer::Answering;
pub use answer::{Answer, Answered, NoAnswer, answered};
#[cfg(feature = "durable")]
pub use answer::{Applies, RecordedAnswer};
pub(crate) use fired::Firing;
pub(crate) use mailbox::{Mailbox, Reply};
pub use mailbox::{Remote, RunGone};
pub(crate) use next::{Next, next};
pub use payload::{AnyPayload, payload, payload_copy, with_copy, with_payload};
#[cfg(feature = "durable")]
pub(crate) use queues::{Numbered, Queues};
#[cfg(feature = "durable")]
pub(crate) use signal::Parts;
pub(crate) use signal::Sealed;
pub use signal::{Signal, Signals, signal};
pub use timing::{PointInTime, TimeSpan, Timing};
pub(crate) use waiting::Waiting;

/// The event of a run that waits.
pub(crate) enum Happens {
    /// A signal, a timer or the poll takes the transition at this position.
    Event(usize, AnyPayload),
    /// The run is told to stop.
    Stops,
    /// Nothing can happen: only a signal could move the run, and nobody is left who could send one.
    Nothing,
}
