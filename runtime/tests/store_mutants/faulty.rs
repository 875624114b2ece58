//! A store that does one thing wrong, and all others as the one in memory does them.

mod claim;
mod commit;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use stateway::store::{
    Beat, Claim, Claims, Commit, Created, Declaration, Declared, Delivery, Event, Filter, Found,
    Heartbeat, HistoryRow, Hold, LogEntry, LogRow, Message, MessageState, NewRun, Note, Progress,
    Purge, Release, Request, RunCount, RunRow, Sent, Status, Stop, Store, StoreFuture,
};
use stateway::{MemoryStore, RunId, StoreError};

use crate::effects::Effects;
use crate::fault::Fault::{self, *};

/// A store that has one fault.
pub(crate) struct Faulty {
    store: Arc<MemoryStore>,
    fault: Fault,
    count: AtomicU64,
    /// Entries that it should not have, or should have no more.
    kept: Mutex<Vec<LogEntry>>,
    effects: Effects,
}

impl Faulty {
    pub(crate) fn new(fault: Fault) -> Self {
        Faulty {
            store: Arc::new(MemoryStore::new()),
            fault,
            count: AtomicU64::new(0),
            kept: Mutex::default(),
            effects: Effects::default(),
        }
    }

    fn is(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    /// Ends every lease.
    async fn lapse_all(&self) -> Result<(), StoreError> {
        let rows = self.store.list(Filter::default()).await?;
        let lapse = Heartbeat {
            claims: rows.into_iter().map(|row| (row.id, row.epoch)).collect(),
            lease: Duration::ZERO,
        };
        self.store.heartbeat(lapse).await.map(drop)
    }

    fn keep(&self, entries: &[LogEntry]) {
        self.kept.lock().unwrap().extend_from_slice(entries);
    }

    /// The entries of the logs of a run.
    async fn entries(&self, run: &RunId) -> Vec<LogEntry> {
        let rows = self.store.log(run, 0, usize::MAX).await;
        let entry = |LogRow { log, entry, .. }| LogEntry { log, entry };
        rows.unwrap_or_default().into_iter().map(entry).collect()
    }

    async fn row(&self, run: &RunId) -> Option<RunRow> {
        let found = self.store.get(run).await.ok().flatten();
        found.map(|found| found.row)
    }
}

fn far() -> SystemTime {
    UNIX_EPOCH + Duration::from_hours(1_000_000)
}

impl Store for Faulty {
    fn create(&self, mut run: NewRun) -> StoreFuture<'_, Created> {
        match self.fault {
            CreateForgetsTheLease => run.lease = None,
            CreateForgetsTheDueTime => run.due = None,
            CreateForgetsThePriority => run.priority = 0,
            CreateForgetsTheParent => run.parent = None,
            CreateForgetsTheIndex => run.index.clear(),
            CreateForgetsTheTrace => run.trace = None,
            CreateForgetsTheMessages => run.messages.clear(),
            CreateReplacesNothing => run.again = false,
            CreateReplacesUnasked => run.again = true,
            _ => {}
        }
        Box::pin(async move {
            match self.store.create(run).await? {
                Created::Known { row, .. } if self.is(CreateSaysNewForKnown) => {
                    Ok(Created::New(row))
                }
                created => Ok(created),
            }
        })
    }

    fn declare(&self, mut declaration: Declaration) -> StoreFuture<'_, Declared> {
        if self.is(DeclareForgetsThePackage) {
            "any".clone_into(&mut declaration.package);
        }
        if self.is(DeclareAdoptsNothing) {
            declaration.adopts = false;
        }
        Box::pin(async move {
            if self.is(DeclareGrantsEverything) {
                return Ok(Declared::Granted);
            }
            self.store.declare(declaration).await
        })
    }

    fn claim(&self, claim: Claim) -> StoreFuture<'_, Claims> {
        Box::pin(self.claimed(claim))
    }

    fn commit(&self, commit: Commit) -> StoreFuture<'_, Hold> {
        Box::pin(self.committed(commit))
    }

    fn note(&self, mut note: Note) -> StoreFuture<'_, Hold> {
        Box::pin(async move {
            if self.is(NoteIsForgotten) {
                return Ok(Hold::Kept);
            }
            self.effects.note(self.fault, &mut note.note);
            note.is_boundary &= !self.is(NoteForgetsTheBoundary);
            if self.is(NoteTakesAnyEpoch)
                && let Some(row) = self.row(&note.run).await
            {
                note.epoch = row.epoch;
            }
            if let Progress::Attempts { waits, failed, .. } = &mut note.note.progress {
                match self.fault {
                    NoteForgetsThatARunWaits => *waits = false,
                    NoteForgetsFailedAttempts => failed.clear(),
                    _ => {}
                }
            }
            let hold = self.store.note(note).await?;
            Ok(match self.fault {
                NoteSaysTheClaimIsKept => Hold::Kept,
                NoteSaysTheClaimIsDropped => Hold::Dropped,
                _ => hold,
            })
        })
    }

    fn release(&self, mut release: Release) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            let row = self.row(&release.run).await;
            match (self.fault, row) {
                (ReleaseTakesAnyEpoch, Some(row)) => release.epoch = row.epoch,
                (ReleaseTakesAnySequence, Some(row)) => release.sequence = row.sequence,
                (ReleaseIsForgotten, _) => return Ok(()),
                (ReleaseForgetsWhatWasAsked, _) => release.asked = None,
                (ReleaseIgnoresMessages, _) => release.until.messages = usize::MAX,
                (ReleaseAlwaysHasATime, _) => {
                    let due = release.until.due;
                    release.until.due =
                        due.or_else(|| release.at.checked_add(Duration::from_hours(1)));
                }
                _ => {}
            }
            self.store.release(release).await
        })
    }

    fn heartbeat(&self, heartbeat: Heartbeat) -> StoreFuture<'_, Vec<Beat>> {
        Box::pin(async move {
            if self.is(HeartbeatExtendsNothing) {
                return Ok(Vec::new());
            }
            let mut beats = self.store.heartbeat(heartbeat).await?;
            for beat in &mut beats {
                beat.pause &= !self.is(PauseIsNotTold);
                beat.retry &= !self.is(RetryNowIsNotTold);
            }
            Ok(if self.is(HeartbeatSaysNothing) {
                Vec::new()
            } else {
                beats
            })
        })
    }

    fn stop(&self, run: &RunId, stop: Stop, request: Request) -> StoreFuture<'_, ()> {
        let run = run.clone();
        Box::pin(async move {
            if self.is(StopIsForgotten) {
                return Ok(());
            }
            let row = self.row(&run).await;
            if self.is(StopReplacesATermination)
                && row.is_some_and(|row| row.stop == Some(Stop::Cancel))
            {
                return Ok(());
            }
            let is_paused = self
                .row(&run)
                .await
                .is_some_and(|row| row.status == Status::Paused);
            self.store.stop(&run, stop, request.clone()).await?;
            if is_paused && self.is(StopLeavesARunPaused) {
                self.store.pause(&run, request).await?;
            }
            Ok(())
        })
    }

    fn send(&self, mut delivery: Delivery) -> StoreFuture<'_, Sent> {
        Box::pin(async move {
            if self.is(SendForgetsTheIds) {
                let number = self.count.fetch_add(1, Ordering::Relaxed);
                let id = &mut delivery.message.id;
                *id = format!("{id}-{number}");
            }
            if self.is(SendIgnoresTheStates) {
                delivery.only_in = None;
            }
            if self.is(SendIgnoresTheIncarnation) {
                delivery.only_to = None;
            }
            match self.store.send(delivery).await {
                Err(StoreError::Ended { .. }) if self.is(SendTakesMessagesOfTheEnded) => {
                    Ok(Sent::Kept)
                }
                sent => sent,
            }
        })
    }

    fn unpark(&self, run: &RunId, request: Request) -> StoreFuture<'_, ()> {
        let run = run.clone();
        Box::pin(async move {
            match self.store.unpark(&run, request).await {
                Err(StoreError::NotParked { .. }) if self.is(UnparkTakesAnything) => Ok(()),
                answer => answer,
            }
        })
    }

    fn pause(&self, run: &RunId, request: Request) -> StoreFuture<'_, ()> {
        let run = run.clone();
        Box::pin(async move {
            if self.is(PauseIsForgotten) {
                return Ok(());
            }
            if self.is(PauseStopsTheHolder)
                && let Some(row) = self.row(&run).await
            {
                let _ = self.store.release(Release::now(&row, request.at)).await;
            }
            match self.store.pause(&run, request).await {
                Err(StoreError::Parked { .. } | StoreError::Ended { .. })
                    if self.is(PauseTakesAnything) =>
                {
                    Ok(())
                }
                answer => answer,
            }
        })
    }

    fn resume(&self, run: &RunId, mut request: Request) -> StoreFuture<'_, ()> {
        let run = run.clone();
        Box::pin(async move {
            if self.is(ResumeIsForgotten) {
                return Ok(());
            }
            if self.is(ResumeIsNotAtOnce) {
                request.at += Duration::from_hours(1);
            }
            match self.store.resume(&run, request).await {
                Err(StoreError::NotPaused { .. }) if self.is(ResumeTakesAnything) => Ok(()),
                answer => answer,
            }
        })
    }

    fn retry_now(&self, run: &RunId, request: Request) -> StoreFuture<'_, ()> {
        let run = run.clone();
        Box::pin(async move {
            if self.is(RetryNowIsForgotten) {
                return Ok(());
            }
            let is_paused = self
                .row(&run)
                .await
                .is_some_and(|row| row.status == Status::Paused);
            if is_paused && self.is(RetryNowIsAnUnpark) {
                return self.store.unpark(&run, request).await;
            }
            match self.store.retry_now(&run, request).await {
                Err(StoreError::NotRetrying { .. }) if self.is(RetryNowTakesAnything) => Ok(()),
                answer => answer,
            }
        })
    }

    fn retry_rollback(&self, run: &RunId, request: Request) -> StoreFuture<'_, ()> {
        let run = run.clone();
        Box::pin(async move {
            if self.is(RetryIsForgotten) {
                return Ok(());
            }
            let stop = self.row(&run).await.and_then(|row| row.stop);
            let answer = self.store.retry_rollback(&run, request.clone()).await;
            if self.is(RetryKeepsTheStop)
                && answer.is_ok()
                && let Some(stop) = stop
            {
                self.store.stop(&run, stop, request).await?;
            }
            match answer {
                Err(StoreError::NotEnded { .. } | StoreError::NothingToUndo { .. })
                    if self.is(RetryTakesAnything) =>
                {
                    Ok(())
                }
                answer => answer,
            }
        })
    }

    fn get(&self, run: &RunId) -> StoreFuture<'_, Option<Found>> {
        let run = run.clone();
        Box::pin(async move {
            let mut found = self.store.get(&run).await?;
            if let Some(found) = &mut found {
                self.effects
                    .row(self.fault, &self.store, &mut found.row)
                    .await;
                if self.is(GetLosesTheMicroseconds) {
                    let since = found.row.started.duration_since(UNIX_EPOCH).unwrap();
                    found.row.started = UNIX_EPOCH + Duration::from_secs(since.as_secs());
                }
                if self.is(GetForgetsAttempts) {
                    found.attempts.clear();
                }
                if self.is(GetGivesTheFirstPayload) && found.row.sequence > 0 {
                    found.payload = b"placed".to_vec();
                }
            }
            Ok(found)
        })
    }

    fn list(&self, mut filter: Filter) -> StoreFuture<'_, Vec<RunRow>> {
        Box::pin(async move {
            if self.is(ListIgnoresTheFilter) {
                filter.status = None;
                filter.state = None;
                filter.workflow = None;
            }
            if self.is(ListIgnoresTheLimit) {
                filter.limit = usize::MAX;
            }
            if self.is(ListBeginsAnew) {
                filter.after = None;
            }
            if self.is(ListIgnoresTheOrder) {
                filter.newest_first = false;
            }
            let mut rows = self.store.list(filter).await?;
            if self.is(ListHasNoOrder) {
                rows.reverse();
            }
            Ok(rows)
        })
    }

    fn count(&self, mut filter: Filter) -> StoreFuture<'_, Vec<RunCount>> {
        if self.is(CountIgnoresTheFilter) {
            filter = Filter::default();
        }
        self.store.count(filter)
    }

    fn history(
        &self,
        run: &RunId,
        mut from: u64,
        mut limit: usize,
    ) -> StoreFuture<'_, Vec<HistoryRow>> {
        if self.is(HistoryIgnoresTheLimit) {
            limit = usize::MAX;
        }
        if self.is(HistoryBeginsAnew) {
            from = 0;
        }
        let run = run.clone();
        Box::pin(async move {
            let mut rows = self.store.history(&run, from, limit).await?;
            let row = self.row(&run).await;
            self.effects.history(self.fault, row.as_ref(), &mut rows);
            if self.is(HistoryForgetsRetries) {
                rows.retain(|row| row.event != Event::RollbackRetried);
            }
            if self.is(HistoryForgetsTheFirst) && rows.last().is_some_and(|row| row.number > 2) {
                rows.retain(|row| row.number > 0);
            }
            if self.is(HistoryForgetsStops) {
                rows.retain(|row| !matches!(row.event, Event::StopAsked { .. }));
            }
            if self.is(HistoryForgetsPauses) {
                rows.retain(|row| !matches!(row.event, Event::PauseAsked | Event::Resumed));
            }
            for row in &mut rows {
                match self.fault {
                    HistoryForgetsWhoAsked => row.by = None,
                    HistoryForgetsFailures => row.failure = None,
                    HistoryForgetsFailedAttempts => row.failed_attempts.clear(),
                    HistoryForgetsWhatIsLeft => row.left.clear(),
                    _ => {}
                }
            }
            Ok(rows)
        })
    }

    fn log(&self, run: &RunId, mut from: u64, mut limit: usize) -> StoreFuture<'_, Vec<LogRow>> {
        if self.is(LogIgnoresTheLimit) {
            limit = usize::MAX;
        }
        if self.is(LogBeginsAnew) {
            from = 0;
        }
        let run = run.clone();
        Box::pin(async move {
            let row = self.row(&run).await;
            let mut rows = match self.store.log(&run, from, limit).await {
                Err(StoreError::NotFound { .. }) if self.is(LogIsReadOfAnyRun) => Vec::new(),
                rows => rows?,
            };
            for entry in self.kept.lock().unwrap().iter() {
                // That of a run which is there no more belongs to the next of its id.
                if !self.is(LogOutlivesItsRun) || row.as_ref().is_some_and(|it| it.visit < 2) {
                    rows.push(LogRow {
                        number: rows.len() as u64,
                        log: entry.log.clone(),
                        entry: entry.entry.clone(),
                    });
                }
            }
            match (self.fault, row) {
                (LogIsOneLog, _) => {
                    let first = rows.first().map(|row| row.log.clone());
                    rows.retain(|row| Some(&row.log) == first.as_ref());
                }
                (LogNumbersEachCommit, _) => rows.iter_mut().for_each(|row| row.number %= 2),
                (LogEndsWithTheRun, Some(row)) if row.status.is_ended() => rows.clear(),
                (LogEndsWithTheClaim, Some(row)) if row.due > Some(row.entered) => rows.clear(),
                _ => {}
            }
            Ok(rows)
        })
    }

    fn message(&self, run: &RunId, id: &str) -> StoreFuture<'_, Option<MessageState>> {
        let (run, id) = (run.clone(), id.to_owned());
        Box::pin(async move {
            let mut state = self.store.message(&run, &id).await?;
            if let Some(state) = &mut state {
                self.effects
                    .message(self.fault, &self.store, &run, state)
                    .await;
            }
            Ok(state.and_then(|state| match (self.fault, state) {
                (MessageIsNotKnown, _)
                | (MessageIsForgottenWithItsRow, MessageState::Forgotten) => None,
                (MessageAlwaysWaits, _) | (MessageWaitsInTheEnd, MessageState::Left) => {
                    Some(MessageState::Waits)
                }
                (_, state) => Some(state),
            }))
        })
    }

    fn inbox(&self, run: &RunId) -> StoreFuture<'_, Vec<Message>> {
        let run = run.clone();
        Box::pin(async move {
            let mut inbox = self.store.inbox(&run).await?;
            match self.fault {
                InboxIsEmpty => inbox.clear(),
                InboxIsOutOfOrder => inbox.sort_by(|one, other| one.id.cmp(&other.id)),
                _ => {}
            }
            Ok(inbox)
        })
    }

    fn undoable(&self, run: &RunId, mut limit: usize) -> StoreFuture<'_, Vec<HistoryRow>> {
        let run = run.clone();
        Box::pin(async move {
            if self.is(UndoableIgnoresTheLimit) {
                limit = usize::MAX;
            }
            let before = match self.row(&run).await {
                Some(row) if self.is(UndoableForgetsWhatWasUndone) => Some(row.undo_before),
                _ => self.is(UndoableHasEverything).then_some(u64::MAX),
            };
            if let Some(before) = before {
                let mut all = self.store.history(&run, 0, usize::MAX).await?;
                all.retain(|row| row.is_undoable() && row.number < before);
                all.reverse();
                all.truncate(limit);
                return Ok(all);
            }
            let mut rows = self.store.undoable(&run, limit).await?;
            self.effects
                .undoable(self.fault, &self.store, &run, &mut rows)
                .await;
            if self.is(UndoableForgetsWhatIsOld)
                && let Some(row) = self.row(&run).await
            {
                rows.retain(|it| it.number >= row.history_from);
            }
            if self.is(UndoableIsForward) {
                rows.reverse();
            }
            Ok(rows)
        })
    }

    fn purge(&self, mut purge: Purge) -> StoreFuture<'_, u64> {
        Box::pin(async move {
            if self.is(PurgeDoesNothing) {
                return Ok(0);
            }
            if self.is(PurgeIgnoresTheTime) {
                purge.ended_before = far();
            }
            if self.is(PurgeIgnoresTheWorkflow) {
                purge.workflow = None;
            }
            if self.is(PurgeIgnoresTheLimit) {
                purge.limit = usize::MAX;
            }
            self.store.purge(purge).await
        })
    }
}
