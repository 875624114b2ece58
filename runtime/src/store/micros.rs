//! The form of times in stores: microseconds since the beginning of 1970.

use std::time::{SystemTime, UNIX_EPOCH};

/// Returns the microseconds of a time, or the nearest number.
pub(crate) fn micros(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_micros()).unwrap_or(i64::MAX),
        Err(before) => {
            let before = before.duration().as_micros();
            i64::try_from(before).map_or(i64::MIN, |before| -before)
        }
    }
}

/// Returns the time of this number of microseconds. `None` if the system has no such time.
pub(crate) fn time(micros: i64) -> Option<SystemTime> {
    let distance = std::time::Duration::from_micros(micros.unsigned_abs());
    if micros < 0 {
        UNIX_EPOCH.checked_sub(distance)
    } else {
        UNIX_EPOCH.checked_add(distance)
    }
}
