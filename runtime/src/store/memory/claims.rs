//! The runs that a claim takes, and the time to ask again.

use std::cmp::Reverse;

use tokio::time::Instant;

use super::super::timeline::wait;
use super::super::{Claim, Claims};
use super::{Held, Shelf};

impl Shelf {
    pub(super) fn claim(&mut self, claim: &Claim) -> Claims {
        let at = Instant::now();
        let (now, steady) = (self.timeline.now(claim.now, at), self.timeline.steady(at));
        let held = Held::new(claim.lease, steady);
        let mut claims = Claims::default();
        let (mut suspects, mut others) = (Vec::new(), Vec::new());
        for kept in self.runs.values_mut() {
            if !claim.knows(&kept.row) {
                continue;
            }
            let lapsed = kept.lapses().filter(|until| *until <= steady);
            let is_own = kept.is_of(held.holder);
            match (lapsed, kept.due().filter(|due| *due <= now)) {
                (Some(_), _) if is_own => {
                    kept.held = Some(held);
                    claims.own.push(kept.row.clone());
                }
                (Some(_), _) if !kept.row.waits => suspects.push(kept),
                // Its waiting time counts from when it might have been claimed.
                (Some(until), _) => others.push((now - (steady - until), kept)),
                (None, Some(due)) => others.push((due, kept)),
                (None, None) => {}
            }
        }
        suspects.sort_by_key(|kept| (kept.row.crashes, kept.lapses()));
        others.sort_by_key(|(since, kept)| (Reverse(kept.row.priority), *since));
        let mut room = claim.suspects;
        let n = suspects.len() + room.under_way;
        for kept in suspects {
            if claims.taken.len() == claim.limit {
                break;
            }
            if room.admit(kept.row.crashes.saturating_add(1), n) {
                claims.taken.push(kept.claim(held, now));
            } else {
                claims.left += 1;
            }
        }
        let others = others.into_iter().map(|(_, kept)| kept);
        let places = claim.limit - claims.taken.len();
        let taken = others.take(places).map(|kept| kept.claim(held, now));
        claims.taken.extend(taken);
        let runs = self.runs.values().filter(|kept| claim.knows(&kept.row));
        let next = runs.filter_map(|kept| match kept.lapses() {
            // There is no room for them, or they were left for the limit alone.
            Some(until) if until <= steady && !kept.row.waits && !kept.is_of(held.holder) => {
                let is_admitted = room.admit(kept.row.crashes.saturating_add(1), n);
                is_admitted.then_some(0)
            }
            Some(until) => Some(until.saturating_sub(steady)),
            None => kept.due().map(|due| due.saturating_sub(now)),
        });
        claims.next = next.min().map(wait);
        claims
    }
}
