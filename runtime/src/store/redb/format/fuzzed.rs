//! The assertions about any bytes that have the checksum of a record.

use super::{
    HistoryHead, Record, read_declaration, read_logged, read_message, read_note, read_rest,
    read_row, write_declaration, write_logged, write_message, write_note, write_rest, write_row,
};
use crate::run::RunId;
use crate::store::LogEntry;
use crate::store::redb::wire::{RecordPlace, RecordWriter};

/// Reads bytes as each kind of record, and writes each record that could be read again.
///
/// # Panics
/// If the bytes of a written record differ.
pub(crate) fn records(bytes: &[u8]) {
    let run = RunId::from_static("o-7");
    let sealed = |place| RecordWriter::of(bytes).finish(place);
    let record = sealed(RecordPlace::Run);
    if let Ok(read) = Record::read_any(&record) {
        assert_eq!(read.write(Vec::new()), record);
    }
    let record = sealed(RecordPlace::Row(4));
    if let Ok(read) = read_row(4, &record) {
        let (run, history) = (RunId::unchecked(&read.run), &read.history);
        let origin = read
            .origin
            .as_ref()
            .map(|(input, payload, trace)| (&**input, &**payload, trace.as_ref()));
        let event = &history.event;
        let head = HistoryHead {
            number: history.number,
            before: read.before,
            at: history.at,
            failure: history.failure.as_ref(),
            by: history.by.as_deref(),
            failed_attempts: &history.failed_attempts,
            left: &history.left,
        };
        let written = write_row(Vec::new(), 4, &run, head, event, origin);
        assert_eq!(written, record);
    }
    let record = sealed(RecordPlace::Note("o-7", "1/pay"));
    if let Ok(read) = read_note("o-7", "1/pay", &record) {
        assert_eq!(write_note("o-7", "1/pay", &read), record);
    }
    let record = sealed(RecordPlace::Message("o-7", 3));
    if let Ok(read) = read_message(run, 3, &record) {
        assert_eq!(write_message(&read, 3), record);
    }
    let record = sealed(RecordPlace::Logged("o-7", 3));
    if let Ok(read) = read_logged("o-7", 3, &record) {
        let (log, entry) = (read.log, read.entry);
        assert_eq!(write_logged("o-7", 3, &LogEntry { log, entry }), record);
    }
    let record = sealed(RecordPlace::Rest(3));
    if let Ok((run, first)) = read_rest(3, &record) {
        assert_eq!(write_rest(&run, 3, first), record);
    }
    let record = sealed(RecordPlace::Workflow("Order"));
    if let Ok(read) = read_declaration("Order", &record) {
        assert_eq!(write_declaration("Order", &read), record);
    }
}
