//! Pausing, resuming, and retrying at once.

use tokio::time::Instant;

use super::super::timeline::asked_at;
use super::super::{Event, Request, StoreError};
use super::Shelf;
use crate::run::RunId;

impl Shelf {
    pub(super) fn pause(&mut self, run: &RunId, request: Request) -> Result<(), StoreError> {
        let (kept, _) = self.find_at(run, request.at)?;
        if kept.row.pause(kept.held.is_some())? {
            kept.record(request, Event::PauseAsked);
        }
        Ok(())
    }

    pub(super) fn resume(&mut self, run: &RunId, request: Request) -> Result<(), StoreError> {
        let (kept, behind) = self.find_at(run, request.at)?;
        let event = kept.row.resume(request.at)?;
        if kept.held.is_none() {
            kept.behind = behind;
        }
        kept.record(request, event);
        Ok(())
    }

    pub(super) fn retry_now(&mut self, run: &RunId, request: Request) -> Result<(), StoreError> {
        let now = self.timeline.now(request.at, Instant::now());
        let kept = self.find(run)?;
        let now = asked_at(request.at, now, kept.behind);
        let next = kept.notes().filter_map(|note| note.next_attempt()).max();
        let event = kept.row.retry_now(next, kept.held.is_some(), now)?;
        let hurried = kept.notes().filter_map(|note| note.hurried(now));
        let hurried: Vec<_> = hurried.map(|note| (note.key, note.progress)).collect();
        kept.notes.extend(hurried);
        kept.record(request, event);
        Ok(())
    }
}
