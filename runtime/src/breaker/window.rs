//! The number of recent failures: counts in slots of time that expire one by one.

use std::time::Duration;

use tokio::time::Instant;

/// The number of slots of a window. A count expires at the latest one slot after its time.
const SLOTS: u32 = 10;

/// Counts over the last `length`, to a tenth of it.
#[derive(Debug)]
pub(super) struct Window {
    slots: [Slot; SLOTS as usize],
    slot: Duration,
    /// The begin of the newest slot.
    began: Option<Instant>,
    newest: usize,
}

#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    calls: u32,
    failures: u32,
}

impl Window {
    pub(super) fn new(length: Duration) -> Self {
        Window {
            slots: [Slot::default(); SLOTS as usize],
            // A window of nothing would never advance.
            slot: (length / SLOTS).max(Duration::from_nanos(1)),
            began: None,
            newest: 0,
        }
    }

    /// Counts a call that ended `now`.
    pub(super) fn count(&mut self, now: Instant, failed: bool) {
        self.advance(now);
        let slot = &mut self.slots[self.newest];
        slot.calls = slot.calls.saturating_add(1);
        slot.failures = slot.failures.saturating_add(u32::from(failed));
    }

    /// Returns the numbers of calls and of failures in the window.
    pub(super) fn calls_and_failures(&self) -> (u32, u32) {
        self.slots.iter().fold((0, 0), |(calls, failures), slot| {
            (
                calls.saturating_add(slot.calls),
                failures.saturating_add(slot.failures),
            )
        })
    }

    pub(super) fn clear(&mut self) {
        self.slots = [Slot::default(); SLOTS as usize];
    }

    fn advance(&mut self, now: Instant) {
        let began = *self.began.get_or_insert(now);
        let passed = now.saturating_duration_since(began);
        let slots = passed.as_nanos() / self.slot.as_nanos();
        for _ in 0..slots.min(u128::from(SLOTS)) {
            self.newest = (self.newest + 1) % self.slots.len();
            self.slots[self.newest] = Slot::default();
        }
        // After a long silence all counts have expired, and the slots begin at `now`.
        self.began = match u32::try_from(slots) {
            Ok(slots) if slots < SLOTS => Some(began + self.slot * slots),
            _ => Some(now),
        };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    const YEAR: Duration = Duration::from_hours(365 * 24);

    fn length() -> impl Strategy<Value = Duration> {
        prop_oneof![
            (1..2_000_u64).prop_map(Duration::from_nanos),
            (1..10_000_u64).prop_map(Duration::from_millis),
            select(vec![100 * YEAR, Duration::MAX / 2, Duration::MAX]),
        ]
    }

    proptest! {
        /// Plainly: every call with its time. What is younger than nine tenths of the window counts, what is older than
        /// the whole of it does not, and what is between may.
        #[test]
        fn calls_count_for_the_length_of_the_window_to_a_tenth(
            length in length(),
            steps in prop::collection::vec((0..30_u32, any::<bool>()), 1..60),
        ) {
            let mut window = Window::new(length);
            let slot = (length / SLOTS).max(Duration::from_nanos(1));
            let mut now = Instant::now();
            let mut calls: Vec<(Instant, bool)> = Vec::new();
            for (thirds, failed) in steps {
                let pause = (slot / 3).saturating_mul(thirds).min(20 * YEAR);
                now += pause;
                window.count(now, failed);
                calls.push((now, failed));
                let (counted, failures) = window.calls_and_failures();
                let within = |age: Duration, failed_only: bool| {
                    let within = |it: &&(Instant, bool)| now - it.0 < age && (it.1 || !failed_only);
                    u32::try_from(calls.iter().filter(within).count()).unwrap()
                };
                let (least, most) = (slot.saturating_mul(SLOTS - 1), slot.saturating_mul(SLOTS));
                prop_assert!((within(least, false)..=within(most, false)).contains(&counted));
                prop_assert!((within(least, true)..=within(most, true)).contains(&failures));
            }
        }
    }
}
