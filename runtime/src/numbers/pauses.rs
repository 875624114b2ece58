//! The pauses of a poll, and of a timer that fires repeatedly.

use std::time::Duration;

use stateway_core::{Due, Workflow};

use super::Numbers;
use super::judge::{Clause, Judged};
use crate::wait::Timing;

impl Numbers {
    /// Returns the first pause and the longest; zero for a timer that fires once.
    pub(crate) fn pauses(&self, due: Due, of: &'static str) -> Judged<(Duration, Duration)> {
        let clause = Clause { word: "every", of };
        match due {
            Due::Every(every) => {
                let every = clause.time(every, self.pause)?;
                Ok((every, every))
            }
            Due::Backoff { first, cap } => clause.range((first, cap), (self.pause, self.longest)),
            _ => Ok((Duration::ZERO, Duration::ZERO)),
        }
    }
}

impl Timing {
    /// Returns the pauses of the timer or the poll at this position, which are in fields.
    ///
    /// A timer or poll that cannot take its pauses is due at once, and only once: its visit fails before the handler is called.
    #[must_use]
    pub fn again<W: Workflow>(transition: usize, numbers: Numbers) -> Self {
        let info = &W::GRAPH.transitions[transition];
        let pauses = info.due.map(|due| numbers.pauses(due, info.name));
        match pauses {
            Some(Ok((first, cap))) => Timing::pauses(info.kind, first, cap),
            _ => Timing::After(Duration::ZERO),
        }
    }
}
