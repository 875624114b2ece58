//! The runs under way whose process died the last time: any of them may be what killed it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::ledger::Ledger;
use super::settings::Settings;
use crate::store::Suspects;

/// Those that are driven here, and have neither recorded anything since nor outlived a lease.
#[derive(Default)]
pub(super) struct Suspected(Mutex<Vec<Suspect>>);

struct Suspect {
    deaths: u32,
    ledger: Arc<Ledger>,
    since: Instant,
}

impl Suspected {
    fn suspects(&self) -> MutexGuard<'_, Vec<Suspect>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, deaths: u32, ledger: &Arc<Ledger>) {
        self.suspects().push(Suspect {
            deaths,
            ledger: Arc::clone(ledger),
            since: Instant::now(),
        });
    }

    /// Whether it was one.
    pub(super) fn remove(&self, ledger: &Arc<Ledger>) -> bool {
        let mut suspects = self.suspects();
        let before = suspects.len();
        suspects.retain(|it| !Arc::ptr_eq(&it.ledger, ledger));
        suspects.len() < before
    }

    /// What a store has to know of them before it gives more.
    pub(super) fn under_way(&self, settings: &Settings) -> Suspects {
        let mut suspects = self.suspects();
        suspects.retain(|it| !it.ledger.has_moved() && it.since.elapsed() < settings.lease);
        let deaths = suspects.iter().map(|it| it.deaths).max();
        Suspects {
            under_way: suspects.len(),
            deaths: deaths.unwrap_or(0),
            alone_from: settings.alone_from(),
        }
    }
}
