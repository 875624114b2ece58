//! The parts that records of runs and of rows share: failures, their texts, and requests to stop.

use super::{RecordReader, RecordWriter, Unread};
use crate::store::{FailedAttempt, Failure, FailureKind, Stop, Text};

pub(super) fn write_failure(to: &mut RecordWriter, failure: &Failure) {
    to.text(&failure.state)
        .option(failure.transition.as_ref(), |to, transition| {
            to.text(transition);
        })
        .u32(failure.attempts)
        .u8(number(&KINDS, &failure.kind));
    write_text(to, &failure.message);
}

pub(super) fn write_attempt(to: &mut RecordWriter, attempt: &FailedAttempt) {
    to.option(attempt.branch.as_ref(), |to, branch| {
        to.text(branch);
    })
    .u32(attempt.number)
    .time(attempt.at);
    write_text(to, &attempt.error);
}

pub(super) fn read_attempt(from: &mut RecordReader<'_>) -> Result<FailedAttempt, Unread> {
    Ok(FailedAttempt {
        branch: from.option(RecordReader::text)?,
        number: from.u32()?,
        at: from.time()?,
        error: read_text(from)?,
    })
}

pub(super) fn write_text(to: &mut RecordWriter, text: &Text) {
    match text {
        Text::Plain(text) => to.u8(0).text(text),
        Text::Encoded(bytes) => to.u8(1).bytes(bytes),
    };
}

pub(super) fn read_text(from: &mut RecordReader<'_>) -> Result<Text, Unread> {
    match from.u8()? {
        0 => from.text().map(Text::Plain),
        1 => from.bytes().map(Text::Encoded),
        other => Err(format!("{other} is no kind of text")),
    }
}

pub(super) fn read_failure(from: &mut RecordReader<'_>) -> Result<Failure, Unread> {
    Ok(Failure {
        state: from.name()?,
        transition: from.option(RecordReader::name)?,
        attempts: from.u32()?,
        kind: {
            let kind = from.u8()?;
            let known = KINDS.get(usize::from(kind)).copied();
            known.ok_or_else(|| format!("{kind} is no kind of failure"))?
        },
        message: read_text(from)?,
    })
}

pub(super) const KINDS: [FailureKind; 10] = [
    FailureKind::Handler,
    FailureKind::Join,
    FailureKind::Panic,
    FailureKind::Timeout,
    FailureKind::Deadline,
    FailureKind::BreakerOpen,
    FailureKind::Cancelled,
    FailureKind::Terminated,
    FailureKind::Crashed,
    FailureKind::Policy,
];

pub(super) fn stop_number(stop: Option<Stop>) -> u8 {
    match stop {
        None => 0,
        Some(Stop::Cancel) => 1,
        Some(Stop::Terminate) => 2,
    }
}

pub(super) fn read_stop(number: u8) -> Result<Option<Stop>, Unread> {
    match number {
        0 => Ok(None),
        1 => Ok(Some(Stop::Cancel)),
        2 => Ok(Some(Stop::Terminate)),
        other => Err(format!("{other} is no request to stop")),
    }
}

pub(super) fn number<T: PartialEq>(known: &[T], value: &T) -> u8 {
    let number = known
        .iter()
        .position(|it| it == value)
        .expect("every variant has a number");
    u8::try_from(number).expect("there are less than 256")
}
