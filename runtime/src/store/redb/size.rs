//! The size of an operation in bytes, so that a batch has an end, and one value does not stop the store.

use crate::store::{
    Commit, Event, FailedAttempt, IndexEntry, IndexValue, LogEntry, Message, NewRun, Note, Outbox,
    Progress, Request, Source,
};

/// The approximate number of bytes that a record takes beside the ones that are counted here.
pub(super) const RECORD: usize = 256;

/// The largest number of bytes of an operation. A record of redb has less than 3 GiB, and that of a run keeps texts of several
/// operations.
pub(super) const LARGEST: usize = 512 << 20;

pub(super) fn of_run(run: &NewRun) -> usize {
    let trace = run.trace.as_ref().map_or(0, |trace| {
        trace.parent.len() + trace.state.as_ref().map_or(0, String::len)
    });
    let parent = run
        .parent
        .as_ref()
        .map_or(0, |parent| parent.run.text().len() + parent.key.len());
    let payloads = run.input.len() + run.payload.len();
    let names = run.workflow.len() + run.state.len();
    let messages: usize = run.messages.iter().map(of_message).sum();
    RECORD + names + payloads + trace + parent + messages + of_index(&run.index)
}

fn of_index(index: &[IndexEntry]) -> usize {
    let entry = |entry: &IndexEntry| {
        let value = match &entry.value {
            IndexValue::Text(text) => text.len(),
            IndexValue::Integer(_) => 8,
        };
        entry.name.len() + value
    };
    index.iter().map(entry).sum()
}

fn of_outbox(outbox: &Outbox) -> usize {
    let runs: usize = outbox.runs.iter().map(of_run).sum();
    let messages: usize = outbox.messages.iter().map(of_message).sum();
    runs + messages
}

pub(super) fn of_commit(commit: &Commit) -> usize {
    let failure = commit.failure.as_ref().map_or(0, |failure| {
        let transition = failure.transition.as_ref().map_or(0, |it| it.len());
        failure.state.len() + transition + failure.message.bytes()
    });
    let effects = commit.effects.iter();
    let effects: usize = effects.map(|effect| RECORD + of_event(effect)).sum();
    let attempts = of_attempts(&commit.failed_attempts);
    let entry = |it: &LogEntry| RECORD + it.log.len() + it.entry.len();
    let entries: usize = commit.entries().iter().map(entry).sum();
    RECORD
        + of_event(&commit.event)
        + effects
        + failure
        + attempts
        + entries
        + of_index(&commit.index)
        + of_outbox(&commit.outbox)
}

fn of_event(event: &Event) -> usize {
    match event {
        Event::Started { state } => state.len(),
        Event::Transition {
            transition,
            message,
            state,
            payload,
            answer,
            undo,
            ..
        } => {
            let answer = answer.as_ref().map_or(0, Vec::len);
            let undo = undo.as_ref().map_or(0, |undo| undo.len());
            let message = message.as_ref().map_or(0, String::len);
            transition.len() + message + state.len() + payload.len() + answer + undo
        }
        Event::Effect {
            transition,
            visit: _,
            branch,
            output,
            state,
            source,
            undo,
        } => {
            let branch = branch.as_ref().map_or(0, String::len);
            let source = match source {
                Source::Here(payload) => payload.len(),
                Source::Before(_) => 4,
            };
            transition.len() + branch + output.len() + state.len() + source + undo.len()
        }
        Event::NotUndone { cause, .. } => cause.bytes(),
        Event::Parked { reason } => reason.bytes(),
        Event::RollbackBegan
        | Event::Undone { .. }
        | Event::StopAsked { .. }
        | Event::Unparked
        | Event::PauseAsked
        | Event::PauseWithdrawn
        | Event::Paused
        | Event::Resumed
        | Event::RetryAsked
        | Event::Ended
        | Event::RollbackRetried => 0,
    }
}

fn of_attempts(attempts: &[FailedAttempt]) -> usize {
    let attempt = |attempt: &FailedAttempt| {
        attempt.branch.as_ref().map_or(0, String::len) + attempt.error.bytes() + 32
    };
    attempts.iter().map(attempt).sum()
}

pub(super) fn of_note(note: &Note) -> usize {
    let progress = match &note.note.progress {
        Progress::Output { output, effect } => {
            output.len() + effect.as_ref().map_or(0, |effect| effect.undo.len() + 4)
        }
        Progress::Attempts { failed, .. } => of_attempts(failed),
    };
    RECORD + note.note.key.len() + progress
}

pub(super) fn of_request(request: &Request) -> usize {
    RECORD + request.by.as_ref().map_or(0, String::len)
}

pub(super) fn of_message(message: &Message) -> usize {
    RECORD + message.id.len() + message.signal.len() + message.payload.len()
}

#[cfg(test)]
mod tests;
