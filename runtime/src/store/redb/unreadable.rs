//! Ends a run that cannot be read. Nobody claims it, so nobody would hear that it is to end.

use std::time::SystemTime;

use super::changes::Changes;
use super::damage::guarded;
use super::fault::Fault;
use super::format::Record;
use super::lookup::Lookup as _;
use crate::run::RunId;
use crate::store::{
    Event, Failure, FailureKind, Name, NewRun, Request, RunRow, Status, StoreError,
};

impl Changes<'_> {
    /// Terminates a run at once if it cannot be read. Returns true if it was terminated.
    ///
    /// If its record can be read, that and its history are kept. If not, a new record has
    /// only its id, the time it ended, and the reason: its input and its state are not known.
    pub(super) fn end_unreadable(&mut self, run: &RunId, request: &Request) -> Result<bool, Fault> {
        if self.index.held(run).is_some() {
            return Ok(false);
        }
        let reason = self.broken.reason(run);
        match self.tables.runs.find(run) {
            Ok(Some(record)) => {
                // An unreadable part beside its record is noticed when it is claimed, which may be in a month.
                let reason = match guarded(|| self.look_up(run)) {
                    Ok(_) => reason,
                    Err(Fault::Answer(error)) => Some(error.to_string()),
                    Err(Fault::Damaged(reason)) => Some(reason),
                    Err(fault) => return Err(fault),
                };
                match reason {
                    Some(reason) if !record.row.status.is_ended() => {
                        self.end(&record, reason, request)?;
                    }
                    _ => return Ok(false),
                }
            }
            Ok(None) => match (self.tables.ended.open()?.find(run), reason) {
                (Ok(None), Some(reason)) => self.bury(run, reason, request.at)?,
                (Err(Fault::Answer(_)), _) => {
                    let run = run.clone();
                    return Err(Fault::Answer(StoreError::Ended { run }));
                }
                (found, _) => return found.map(|_| false),
            },
            Err(Fault::Answer(error)) => {
                let reason = reason.unwrap_or_else(|| error.to_string());
                self.bury(run, reason, request.at)?;
            }
            Err(fault) => return Err(fault),
        }
        self.broken.remove(run);
        Ok(true)
    }

    fn end(&mut self, record: &Record, reason: String, request: &Request) -> Result<(), Fault> {
        let mut ended = record.clone();
        ended.is_held = false;
        ended.notes = 0;
        let row = &mut ended.row;
        row.sequence += 1;
        row.rows += 1;
        row.failure = Some(failure(row.state.clone(), reason));
        terminate(row, request.at);
        self.tables.drop_all_notes(&record.row.id)?;
        let history = &mut self.tables.history;
        let failure = ended.row.failure.clone();
        history.add(&mut ended, request, &Event::Ended, failure.as_ref())?;
        self.wrote = true;
        self.index.evict(&record.row.id);
        self.tables.put(&ended)?;
        Ok(())
    }

    /// Replaces a record that cannot be read.
    fn bury(&mut self, run: &RunId, reason: String, now: SystemTime) -> Result<(), Fault> {
        let unknown = NewRun {
            incarnation: 0,
            ..NewRun::new(run.clone(), Name::default(), 0, Name::default(), now)
        };
        let mut record = Record::new(&unknown, false, 0, 0);
        record.row.failure = Some(failure(Name::default(), reason));
        terminate(&mut record.row, now);
        self.wrote = true;
        self.index.evict(run);
        self.tables.drop_all_notes(run)?;
        self.tables.drop_messages(run)?;
        self.tables.drop_entries(run)?;
        self.tables.put(&record)?;
        Ok(())
    }
}

fn failure(state: Name, message: String) -> Failure {
    Failure {
        state,
        transition: None,
        attempts: 0,
        kind: FailureKind::Terminated,
        message: message.into(),
    }
}

fn terminate(row: &mut RunRow, now: SystemTime) {
    row.status = Status::Terminated;
    row.due = None;
    row.ended = Some(now);
}
