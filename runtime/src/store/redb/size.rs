//! How many bytes an operation writes, so that a batch has an end, and one value does not stop the store.

use crate::store::{Commit, Event, Message, NewRun, Note, Progress};

/// About how many bytes a record takes beside what is counted here.
pub(super) const RECORD: usize = 256;

/// An operation has at most so many bytes. A record of redb has less than 3 GiB, and that of a run keeps texts of several
/// operations.
pub(super) const LARGEST: usize = 512 << 20;

pub(super) fn of_run(run: &NewRun) -> usize {
    RECORD + run.workflow.len() + run.input.len() + run.state.len() + run.payload.len()
}

pub(super) fn of_commit(commit: &Commit) -> usize {
    let event = match &commit.event {
        Event::Started { state } => state.len(),
        Event::Transition {
            transition,
            state,
            payload,
            undo,
            ..
        } => {
            let undo = undo.as_ref().map_or(0, |undo| undo.len());
            transition.len() + state.len() + payload.len() + undo
        }
        Event::NotUndone { cause, .. } => cause.bytes(),
        Event::Parked { reason } => reason.bytes(),
        Event::RollbackBegan
        | Event::Undone { .. }
        | Event::Released
        | Event::Unparked
        | Event::Ended
        | Event::RollbackRetried => 0,
    };
    let failure = commit.failure.as_ref().map_or(0, |failure| {
        let transition = failure.transition.as_ref().map_or(0, |it| it.len());
        failure.state.len() + transition + failure.message.bytes()
    });
    RECORD + event + failure
}

pub(super) fn of_note(note: &Note) -> usize {
    let progress = match &note.note.progress {
        Progress::Output(output) => output.len(),
        Progress::Attempts { .. } => 0,
    };
    RECORD + note.note.key.len() + progress
}

pub(super) fn of_message(message: &Message) -> usize {
    RECORD + message.id.len() + message.signal.len() + message.payload.len()
}
