//! The times of timers and polls, as the fields of a state have them.

use std::time::{Duration, SystemTime};

use stateway_core::TransitionKind;

/// The time at which a timer fires, or the pauses of a poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timing {
    /// This long after its state was entered.
    After(Duration),
    /// At this time.
    At(SystemTime),
    /// Repeatedly, this time after the state was entered and after each firing.
    Every(Duration),
    /// As soon as the state is entered, and then repeatedly, with pauses that double from `first` up to `cap`.
    Asks {
        /// The first pause.
        first: Duration,
        /// The longest pause.
        cap: Duration,
    },
}

impl Timing {
    /// Returns the timing of a timer that fires at the time in a field.
    pub fn at<T: PointInTime>(field: &T) -> Self {
        Timing::At(field.point())
    }

    /// Returns the timing of a repeated timer, or of a poll.
    pub(crate) fn pauses(kind: TransitionKind, first: Duration, cap: Duration) -> Self {
        match kind {
            TransitionKind::Timer => Timing::Every(first),
            _ => Timing::Asks { first, cap },
        }
    }

    /// Returns the timing of a timer that fires after the time in a field.
    pub fn after<T: TimeSpan>(field: &T) -> Self {
        Timing::After(field.span())
    }
}

/// A field that `timer .. at` may name: a `SystemTime`, with the feature `jiff` a `jiff::Timestamp`, and with the feature `chrono` a
/// `chrono::DateTime<Utc>`. A type of your own may implement it.
///
/// ```
/// # use stateway::prelude::*;
/// # use std::time::{Duration, SystemTime};
/// use stateway::PointInTime;
///
/// /// Seconds since the epoch, as the calendar of the partner has them.
/// pub struct Epoch(u64);
///
/// impl PointInTime for Epoch {
///     fn point(&self) -> SystemTime {
///         SystemTime::UNIX_EPOCH + Duration::from_secs(self.0)
///     }
/// }
///
/// // start Sleeping { until: Epoch };
/// // timer wake at until: Sleeping -> Awake;
/// # workflow! {
/// #     workflow Alarm { start Sleeping { until: Epoch }; done Awake; timer wake at until: Sleeping -> Awake; }
/// # }
/// # struct Clock;
/// # impl AlarmSteps for Clock {
/// #     type Error = String;
/// #     async fn wake(&self, _: Sleeping, step: &Step<OnWake>) -> Result<OnWake, String> { Ok(step.to(Awake)) }
/// # }
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// # assert!(Alarm::start(Sleeping { until: Epoch(1_764_547_200) }).run(&Clock).await.is_ok());
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "a timer cannot fire at a `{Self}`: it is no point in time",
    label = "`at` names a field of type `std::time::SystemTime`",
    note = "for a time that is counted from when the state was entered, write `after` and a field of type `std::time::Duration`"
)]
pub trait PointInTime {
    /// Returns the time.
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

/// A field that `timer .. after` may name: a `Duration`. A type of your own may implement it.
///
/// ```
/// # use stateway::prelude::*;
/// # use std::time::Duration;
/// use stateway::TimeSpan;
///
/// /// Whole days, as a contract has them.
/// pub struct Days(u32);
///
/// impl TimeSpan for Days {
///     fn span(&self) -> Duration {
///         Duration::from_hours(24 * u64::from(self.0))
///     }
/// }
///
/// // start Offered { valid_for: Days };
/// // timer lapse after valid_for: Offered -> Lapsed;
/// # workflow! {
/// #     workflow Offer { start Offered { valid_for: Days }; done Lapsed; timer lapse after valid_for: Offered -> Lapsed; }
/// # }
/// # struct Office;
/// # impl OfferSteps for Office {
/// #     type Error = String;
/// #     async fn lapse(&self, _: Offered, step: &Step<OnLapse>) -> Result<OnLapse, String> { Ok(step.to(Lapsed)) }
/// # }
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// # assert!(Offer::start(Offered { valid_for: Days(14) }).run(&Office).await.is_ok());
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "a timer cannot fire after a `{Self}`: it is no span of time",
    label = "`after` names a field of type `std::time::Duration`",
    note = "for a time of the calendar, write `at` and a field of type `std::time::SystemTime`"
)]
pub trait TimeSpan {
    /// Returns the span.
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
