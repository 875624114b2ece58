//! The law of the next event for a run that waits, in one place for runs in memory and in a store.

/// The next event of a run that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next<T> {
    /// The timer of the transition at this position.
    Timer(usize),
    /// The oldest message of the signal at this position.
    Message(usize),
    /// Nothing before this time.
    At(T),
    /// Nothing, unless a message comes.
    Never,
}

/// Returns the oldest message that is taken, unless a timer was due before that came; otherwise the timer that is due first. If two
/// timers are due at once, it is the one that was declared first.
///
/// `timers` are due at these times; `oldest` is the signal of the oldest message that the state takes, with the time when it came.
pub(crate) fn next<T: Ord + Copy>(
    timers: impl Iterator<Item = (usize, T)>,
    oldest: Option<(usize, T)>,
    now: T,
) -> Next<T> {
    let first = timers.min_by_key(|(_, due)| *due);
    match (first, oldest) {
        (Some((timer, due)), Some((message, came))) => {
            if due <= now && due < came {
                Next::Timer(timer)
            } else {
                Next::Message(message)
            }
        }
        (None, Some((message, _))) => Next::Message(message),
        (Some((timer, due)), None) if due <= now => Next::Timer(timer),
        (Some((_, due)), None) => Next::At(due),
        (None, None) => Next::Never,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(timers: &[(usize, u32)], oldest: Option<(usize, u32)>, now: u32) -> Next<u32> {
        next(timers.iter().copied(), oldest, now)
    }

    #[test]
    fn a_message_is_next_where_there_is_no_timer() {
        assert_eq!(of(&[], Some((4, 10)), 20), Next::Message(4));
    }

    #[test]
    fn a_timer_that_was_due_before_the_message_came_is_next() {
        assert_eq!(of(&[(1, 10)], Some((4, 11)), 20), Next::Timer(1));
    }

    #[test]
    fn a_message_that_came_before_the_timer_was_due_is_next_however_late_it_is() {
        assert_eq!(of(&[(1, 10)], Some((4, 10)), 20), Next::Message(4));
        assert_eq!(of(&[(1, 30)], Some((4, 10)), 20), Next::Message(4));
    }

    #[test]
    fn a_message_from_a_clock_that_is_ahead_waits_for_no_timer() {
        assert_eq!(of(&[(1, 30)], Some((4, 40)), 20), Next::Message(4));
    }

    #[test]
    fn of_timers_the_one_that_is_due_first_is_next_and_then_the_one_declared_first() {
        assert_eq!(of(&[(1, 12), (2, 11)], None, 20), Next::Timer(2));
        assert_eq!(of(&[(1, 11), (2, 11)], None, 20), Next::Timer(1));
    }

    #[test]
    fn until_a_timer_is_due_nothing_is_next() {
        assert_eq!(of(&[(1, 30), (2, 25)], None, 20), Next::At(25));
        assert_eq!(of(&[], None, 20), Next::Never);
    }
}
