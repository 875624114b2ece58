//! The next due times of a state's timers and its poll.

use std::time::{Duration, SystemTime};

use super::Timing;
use crate::support::time::later;

/// A timer or a poll that has fired since the state was entered, and left the run there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Firing {
    /// The position of the transition.
    pub(crate) transition: usize,
    /// The time at which it was last due; for a poll, the time at which it was last asked.
    pub(crate) at: SystemTime,
    /// The number of times that it has fired.
    pub(crate) made: u32,
}

impl Timing {
    /// Returns the time at which it is due next in a state that was entered at `entered`, to the microsecond, as a store keeps
    /// times; `None` if it was due and will not be again.
    pub(super) fn due(self, entered: SystemTime, fired: Option<&Firing>) -> Option<SystemTime> {
        let last = fired.map(|fired| cut(fired.at));
        let once = |due| {
            let due = cut(due);
            last.is_none_or(|last| due > last).then_some(due)
        };
        match self {
            Timing::After(delay) => once(later(entered, delay)),
            Timing::At(time) => once(time),
            Timing::Every(span) => Some(cut(later(last.unwrap_or(entered), span))),
            Timing::Asks { first, cap } => Some(cut(match fired {
                None => entered,
                Some(fired) => later(fired.at, pause(first, cap, fired.made)),
            })),
        }
    }

    /// Returns the time to keep for a firing at `now` that was due at `due`: for an `every`, the last of the times that were missed.
    fn fires(self, due: SystemTime, now: SystemTime) -> SystemTime {
        match self {
            Timing::After(_) | Timing::At(_) => due,
            Timing::Every(span) => {
                let late = now.duration_since(due).unwrap_or_default();
                let missed = late.as_nanos() / span.as_nanos().max(1);
                let missed = u32::try_from(missed).unwrap_or(u32::MAX);
                later(due, span.saturating_mul(missed))
            }
            Timing::Asks { .. } => now.max(due),
        }
    }
}

/// Notes in `fired` that this timer, of a state that was entered at `entered`, fires at `now`.
pub(super) fn fire(
    fired: &mut Vec<Firing>,
    (transition, timing): (usize, Timing),
    entered: SystemTime,
    now: SystemTime,
) {
    let known = fired.iter().position(|it| it.transition == transition);
    let before = known.map(|position| fired.swap_remove(position));
    let due = timing.due(entered, before.as_ref()).unwrap_or(now);
    fired.push(Firing {
        transition,
        at: timing.fires(due, now),
        made: before.map_or(0, |before| before.made).saturating_add(1),
    });
}

/// Returns the time to the microsecond.
pub(super) fn cut(time: SystemTime) -> SystemTime {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    let beyond = since.map_or(0, |since| since.subsec_nanos() % 1_000);
    time - Duration::from_nanos(beyond.into())
}

/// Returns the pause between asking number `made` and the next.
fn pause(first: Duration, cap: Duration, made: u32) -> Duration {
    let doublings = made.saturating_sub(1);
    let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
    first.saturating_mul(factor).min(cap)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn at(seconds: u32) -> SystemTime {
        SystemTime::UNIX_EPOCH + SECOND * seconds
    }

    /// A state that was entered in second 1,000, and one timer of it.
    struct State(Timing, Vec<Firing>);

    impl State {
        fn of(timing: Timing) -> Self {
            State(timing, Vec::new())
        }

        fn due(&self) -> Option<u64> {
            let due = self.0.due(at(1_000), self.1.first())?;
            Some(due.duration_since(at(0)).expect("a time of ours").as_secs())
        }

        /// Fires in this second.
        fn fires(&mut self, now: u32) {
            fire(&mut self.1, (0, self.0), at(1_000), at(now));
        }
    }

    #[test]
    fn a_timer_that_was_due_once_is_not_again() {
        let mut state = State::of(Timing::After(SECOND * 5));
        assert_eq!(state.due(), Some(1_005));
        state.fires(1_100);
        assert_eq!(state.due(), None);
    }

    #[test]
    fn a_timer_at_a_time_is_due_again_when_its_field_has_moved_on() {
        let mut state = State::of(Timing::At(at(1_020)));
        assert_eq!(state.due(), Some(1_020));
        state.fires(1_030);
        assert_eq!(state.due(), None);
        state.0 = Timing::At(at(1_010));
        assert_eq!(state.due(), None);
        state.0 = Timing::At(at(1_021));
        assert_eq!(state.due(), Some(1_021));
    }

    #[test]
    fn a_time_that_a_store_has_cut_to_the_microsecond_is_the_same_time() {
        let mut state = State::of(Timing::At(at(1_020) + Duration::from_nanos(1_999)));
        state.fires(1_030);
        state.1[0].at = at(1_020) + Duration::from_micros(1);
        assert_eq!(state.due(), None);
    }

    #[test]
    fn a_timer_that_fires_again_and_again_keeps_to_its_rhythm_and_makes_up_for_nothing() {
        let mut state = State::of(Timing::Every(SECOND * 10));
        let mut dues = vec![state.due()];
        for now in [1_010, 1_029, 1_057, 1_060] {
            state.fires(now);
            dues.push(state.due());
        }
        let dues: Vec<_> = dues.into_iter().flatten().collect();
        assert_eq!(dues, [1_010, 1_020, 1_030, 1_060, 1_070]);
        assert_eq!(state.1[0].made, 4);
    }

    #[test]
    fn a_poll_asks_at_once_and_then_after_pauses_that_double_up_to_the_cap() {
        let mut state = State::of(Timing::Asks {
            first: SECOND * 5,
            cap: SECOND * 30,
        });
        let mut dues = vec![state.due()];
        for now in [1_001, 1_006, 1_016, 1_036, 1_066] {
            state.fires(now);
            dues.push(state.due());
        }
        let dues: Vec<_> = dues.into_iter().flatten().collect();
        assert_eq!(dues, [1_000, 1_006, 1_016, 1_036, 1_066, 1_096]);
        assert_eq!(pause(SECOND, SECOND * 300, u32::MAX), SECOND * 300);
    }

    #[test]
    fn a_poll_that_does_not_back_off_pauses_for_as_long_each_time() {
        let mut state = State::of(Timing::Asks {
            first: SECOND * 5,
            cap: SECOND * 5,
        });
        for now in [1_000, 1_005, 1_010] {
            state.fires(now);
        }
        assert_eq!(state.due(), Some(1_015));
    }

    #[test]
    fn a_clock_that_was_set_back_makes_nothing_due_that_was() {
        let mut every = State::of(Timing::Every(SECOND * 10));
        every.fires(400);
        assert_eq!(every.due(), Some(1_020));
        let mut asks = State::of(Timing::Asks {
            first: SECOND * 5,
            cap: SECOND * 5,
        });
        asks.fires(400);
        assert_eq!(asks.due(), Some(1_005));
    }
}
