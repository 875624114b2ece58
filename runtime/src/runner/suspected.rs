//! The driven runs whose process died the last time: any of them may have killed it.
//!
//! They are counted as they come and go, so that a claim beside ten thousand of them costs no more than beside one.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::settings::Settings;
use crate::store::Suspects;

/// The suspects that are driven here, and have neither recorded anything since nor outlived a lease.
#[derive(Default)]
pub(super) struct Suspected(Mutex<List>);

#[derive(Default)]
struct List {
    /// The suspects in the order in which they were taken up, which is the order in which they outlive a lease; `None` for one that
    /// was cleared.
    suspects: VecDeque<Option<Suspect>>,
    /// The number of the first of them.
    first: u64,
    /// The number of suspects by their deaths.
    deaths: BTreeMap<u32, usize>,
    count: usize,
}

struct Suspect {
    deaths: u32,
    since: Instant,
}

/// Marks a run as a suspect, until it is cleared.
pub(super) struct Suspicion {
    list: Arc<Suspected>,
    number: u64,
    is_cleared: AtomicBool,
}

impl Suspected {
    fn list(&self) -> MutexGuard<'_, List> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a run whose process died `deaths` times.
    pub(super) fn add(self: &Arc<Self>, deaths: u32) -> Suspicion {
        let number = self.list().add(deaths);
        Suspicion {
            list: Arc::clone(self),
            number,
            is_cleared: AtomicBool::new(false),
        }
    }

    /// Returns the numbers that a store needs before it hands out more suspects.
    pub(super) fn under_way(&self, settings: &Settings) -> Suspects {
        let mut list = self.list();
        list.shorten(|it| it.since.elapsed() >= settings.lease);
        let deaths = list.deaths.last_key_value();
        Suspects {
            under_way: list.count,
            deaths: deaths.map_or(0, |(deaths, _)| *deaths),
            alone_from: settings.alone_from(),
        }
    }
}

impl Suspicion {
    /// Clears the run. Returns true if it was a suspect until now.
    pub(super) fn clear(&self) -> bool {
        // Called at every change of the run.
        !self.is_cleared.swap(true, Ordering::Relaxed) && self.list.list().clear(self.number)
    }
}

impl List {
    fn add(&mut self, deaths: u32) -> u64 {
        let suspect = Suspect {
            deaths,
            since: Instant::now(),
        };
        *self.deaths.entry(deaths).or_default() += 1;
        self.count += 1;
        self.suspects.push_back(Some(suspect));
        self.first + self.suspects.len() as u64 - 1
    }

    fn clear(&mut self, number: u64) -> bool {
        let place = number
            .checked_sub(self.first)
            .and_then(|place| usize::try_from(place).ok());
        let suspect = place.and_then(|place| self.suspects.get_mut(place)?.take());
        let was_one = suspect.is_some();
        if let Some(suspect) = suspect {
            self.forget(&suspect);
        }
        self.shorten(|_| false);
        was_one
    }

    /// Removes those at the front that were cleared, or for which `is_over` returns true.
    fn shorten(&mut self, is_over: impl Fn(&Suspect) -> bool) {
        while let Some(first) = self.suspects.front()
            && first.as_ref().is_none_or(&is_over)
        {
            if let Some(Some(suspect)) = self.suspects.pop_front() {
                self.forget(&suspect);
            }
            self.first += 1;
        }
    }

    fn forget(&mut self, suspect: &Suspect) {
        self.count -= 1;
        if let Some(count) = self.deaths.get_mut(&suspect.deaths) {
            *count -= 1;
            if *count == 0 {
                self.deaths.remove(&suspect.deaths);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Returns the number of suspects, and the largest number of deaths of one of them.
    fn counted(suspected: &Suspected, settings: &Settings) -> (usize, u32) {
        let suspects = suspected.under_way(settings);
        (suspects.under_way, suspects.deaths)
    }

    #[tokio::test(start_paused = true)]
    async fn a_suspect_counts_until_it_is_cleared_or_outlives_a_lease() {
        let (suspected, settings) = (Arc::new(Suspected::default()), Settings::default());
        let once = suspected.add(1);
        tokio::time::advance(settings.lease / 2).await;
        let [often, again] = [suspected.add(7), suspected.add(7)];
        assert_eq!(counted(&suspected, &settings), (3, 7));
        assert!(often.clear());
        assert!(!often.clear(), "it was cleared before");
        assert_eq!(counted(&suspected, &settings), (2, 7));
        tokio::time::advance(settings.lease / 2).await;
        assert_eq!(counted(&suspected, &settings), (1, 7));
        assert!(!once.clear(), "it was none any more");
        assert!(again.clear());
        assert_eq!(counted(&suspected, &settings), (0, 0));
        let last = suspected.add(2);
        assert_eq!(counted(&suspected, &settings), (1, 2));
        tokio::time::advance(settings.lease + Duration::from_secs(1)).await;
        assert!(last.clear(), "nobody has asked since");
    }

    #[test]
    fn of_many_suspects_none_is_looked_at_twice() {
        let suspected = Arc::new(Suspected::default());
        let suspicions: Vec<_> = (0..10_000)
            .map(|number| suspected.add(number % 7))
            .collect();
        for (number, suspicion) in suspicions.iter().enumerate().rev() {
            assert!(suspicion.clear());
            assert_eq!(suspected.list().count, number);
        }
        assert!(suspected.list().suspects.is_empty());
    }
}
