//! When a timer fires, as the fields of a state have it.

use std::time::{Duration, SystemTime};

use stateway_core::TransitionKind;

/// The time at which a timer fires, or the pauses of a poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timing {
    /// So long after its state was entered.
    After(Duration),
    /// At this time.
    At(SystemTime),
    /// Again and again, this time after the state was entered and after each firing.
    Every(Duration),
    /// When the state is entered, and then again and again: after `first`, and ever longer, up to `cap`.
    Asks {
        /// The time between the first two.
        first: Duration,
        /// The longest time between two.
        cap: Duration,
    },
}

impl Timing {
    /// At the time in a field.
    pub fn at<T: PointInTime>(field: &T) -> Self {
        Timing::At(field.point())
    }

    /// Again and again, as a timer or as a poll does.
    pub(crate) fn pauses(kind: TransitionKind, first: Duration, cap: Duration) -> Self {
        match kind {
            TransitionKind::Timer => Timing::Every(first),
            _ => Timing::Asks { first, cap },
        }
    }

    /// As long after the state was entered as a field says.
    pub fn after<T: TimeSpan>(field: &T) -> Self {
        Timing::After(field.span())
    }
}

/// A field that `timer .. at` may name: a `SystemTime`, with the feature `jiff` a `jiff::Timestamp`, and with the feature `chrono` a
/// `chrono::DateTime<Utc>`.
#[diagnostic::on_unimplemented(
    message = "a timer cannot fire at a `{Self}`: it is no point in time",
    label = "`at` names a field of type `std::time::SystemTime`",
    note = "for a time that is counted from when the state was entered, write `after` and a field of type `std::time::Duration`"
)]
pub trait PointInTime {
    /// The time.
    fn point(&self) -> SystemTime;
}

impl PointInTime for SystemTime {
    fn point(&self) -> SystemTime {
        *self
    }
}

#[cfg(feature = "jiff")]
impl PointInTime for jiff::Timestamp {
    fn point(&self) -> SystemTime {
        (*self).into()
    }
}

#[cfg(feature = "chrono")]
impl PointInTime for chrono::DateTime<chrono::Utc> {
    fn point(&self) -> SystemTime {
        (*self).into()
    }
}

/// A field that `timer .. after` may name.
#[diagnostic::on_unimplemented(
    message = "a timer cannot fire after a `{Self}`: it is no span of time",
    label = "`after` names a field of type `std::time::Duration`",
    note = "for a time of the calendar, write `at` and a field of type `std::time::SystemTime`"
)]
pub trait TimeSpan {
    /// The span.
    fn span(&self) -> Duration;
}

impl TimeSpan for Duration {
    fn span(&self) -> Duration {
        *self
    }
}

#[cfg(all(test, feature = "jiff"))]
#[test]
fn a_timestamp_of_jiff_is_the_same_time() {
    for seconds in [-1, 0, 1_764_547_200] {
        let timestamp = jiff::Timestamp::new(seconds, 0).expect("a time of ours");
        let expected = jiff::Timestamp::try_from(timestamp.point());
        assert_eq!(expected.expect("a time of ours"), timestamp);
    }
}

#[cfg(all(test, feature = "chrono"))]
#[test]
fn a_time_of_chrono_is_the_same_time() {
    for seconds in [-1, 0, 1_764_547_200] {
        let time = chrono::DateTime::from_timestamp(seconds, 5).expect("a time of ours");
        assert_eq!(chrono::DateTime::<chrono::Utc>::from(time.point()), time);
    }
}
