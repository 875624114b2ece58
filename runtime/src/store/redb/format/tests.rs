//! The records as `docs/format.md` describes them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::failure::KINDS;
use super::run::STATUSES;
use super::*;
use crate::store::{
    Event, Failure, FailureKind, Holder, IndexEntry, IndexValue, Lease, LogEntry, LogRow, NewRun,
    Parent, Source, Stop, Text, TraceContext,
};

const DOCUMENT: &str = include_str!("../format.md");

/// The bytes of the examples of the document, in order.
fn examples() -> Vec<Vec<u8>> {
    let blocks = DOCUMENT.split("```text\n").skip(1);
    let bytes_of = |line: &str| -> Vec<u8> {
        let bytes = line.split("   ").next().unwrap_or_default();
        let bytes = bytes.split(' ').map(|byte| u8::from_str_radix(byte, 16));
        bytes.collect::<Result<_, _>>().unwrap()
    };
    blocks
        .map(|block| block.split("```").next().unwrap())
        .map(|block| block.lines().flat_map(bytes_of).collect())
        .collect()
}

fn begin() -> SystemTime {
    // 2026-01-01 00:00:00
    UNIX_EPOCH + Duration::from_hours(490_896)
}

fn head(number: u64, before: u64, at: SystemTime) -> HistoryHead<'static> {
    HistoryHead {
        number,
        before,
        at,
        failure: None,
        by: None,
        failed_attempts: &[],
        left: &[],
    }
}

#[test]
fn the_documented_run_is_read_and_written_byte_by_byte() {
    let example = &examples()[0];
    let new = NewRun {
        incarnation: 0x0102_0304_0506_0708,
        lease: Some(Lease {
            holder: Holder::unique(),
            duration: Duration::ZERO,
        }),
        ..NewRun::new(RunId::from_static("o-7"), "Order", 1, "Placed", begin())
    };
    let second = begin() + Duration::from_secs(1);
    let mut record = Record::new(&new, new.lease.is_some(), 3, 0);
    record.row.state = "Paid".into();
    record.row.sequence = 1;
    record.row.rows = 1;
    record.row.logged = 1;
    record.row.visit = 1;
    record.row.undos = 1;
    record.row.entered = second;
    record.row.due = Some(second);
    record.last = 4;
    record.payload_at = 4;
    assert_eq!(
        Record::read(&RunId::from_static("o-7"), example).unwrap(),
        record
    );
    assert_eq!(record.write(Vec::new()), *example);
}

#[test]
fn the_documented_row_is_read_and_written_byte_by_byte() {
    let example = &examples()[1];
    let at = begin() + Duration::from_secs(1);
    let event = Event::Transition {
        transition: "pay".into(),
        internal: false,
        visit: 1,
        attempts: 1,
        state: "Paid".into(),
        payload: b"{\"cents\":5}".to_vec(),
        undo: Some("refund".into()),
        version: 1,
        message: None,
        answer: None,
    };
    let row = read_row(4, example).unwrap();
    assert_eq!((&*row.run, row.before, row.origin), ("o-7", 3, None));
    assert_eq!((row.history.number, row.history.at), (1, at));
    assert_eq!(row.history.event, event);
    assert_eq!(
        write_row(
            Vec::new(),
            4,
            &RunId::from_static("o-7"),
            head(1, 3, at),
            &event,
            None
        ),
        *example
    );
}

#[test]
fn the_documented_entry_is_read_and_written_byte_by_byte() {
    let example = &examples()[2];
    let entry = LogEntry {
        log: "receipts".into(),
        entry: b"{\"no\":7}".to_vec(),
    };
    let row = LogRow {
        number: 0,
        log: entry.log.clone(),
        entry: entry.entry.clone(),
    };
    assert_eq!(write_logged("o-7", 0, &entry), *example);
    assert_eq!(read_logged("o-7", 0, example), Ok(row));
    for (run, number) in [("o-7", 1), ("o-", 0), ("o-70", 0)] {
        assert!(
            read_logged(run, number, example).is_err(),
            "it stands elsewhere"
        );
    }
}

#[test]
fn bytes_that_are_no_record_are_refused_and_never_panic() {
    for example in examples() {
        let read = |bytes: &[u8]| {
            [
                Record::read(&RunId::from_static("o-7"), bytes).is_ok(),
                read_row(4, bytes).is_ok(),
                read_note("o-7", "", bytes).is_ok(),
                read_message(RunId::from_static("o-7"), 4, bytes).is_ok(),
                read_logged("o-7", 0, bytes).is_ok(),
            ]
        };
        assert_eq!(read(&example).into_iter().filter(|is_ok| *is_ok).count(), 1);
        for length in 0..example.len() {
            assert_eq!(read(&example[..length]), [false; 5]);
        }
        for at in 0..example.len() {
            for bit in 0..8 {
                let mut changed = example.clone();
                changed[at] ^= 1 << bit;
                assert_eq!(read(&changed), [false; 5], "bit {bit} of byte {at}");
            }
            // As one who knows the checksum would change it.
            for byte in [0, 1, 2, 9, 127, 255] {
                let mut changed = example[..example.len() - 4].to_vec();
                changed[at.min(example.len() - 5)] = byte;
                for place in [
                    RecordPlace::Run,
                    RecordPlace::Row(4),
                    RecordPlace::Note("o-7", ""),
                    RecordPlace::Message("o-7", 4),
                    RecordPlace::Logged("o-7", 0),
                ] {
                    read(&RecordWriter::of(&changed).finish(place));
                }
            }
        }
    }
    let other = [
        RecordPlace::Row(5),
        RecordPlace::Note("o-", "7"),
        RecordPlace::Message("o-7", 5),
        RecordPlace::Logged("o-7", 4),
    ];
    for place in other {
        let record = RecordWriter::of(&examples()[1]).finish(place);
        let refused = read_row(4, &record).unwrap_err();
        assert_eq!(refused, "it is damaged, or stands where it was not put");
    }
    let mut newer = examples().remove(0);
    newer[0] = 2;
    let refused = Record::read(&RunId::from_static("o-7"), &newer).unwrap_err();
    assert_eq!(
        refused,
        "it has version 2, and this program knows version 1"
    );
}

#[test]
fn every_record_is_read_as_it_was_written() {
    let failure = Failure {
        state: "Paid".into(),
        transition: None,
        attempts: 7,
        kind: FailureKind::Deadline,
        message: "too late ✗".into(),
    };
    let new = NewRun {
        incarnation: u64::MAX,
        due: Some(begin()),
        priority: i8::MIN,
        parent: Some(Parent {
            run: RunId::from_static("p-1"),
            key: "Order/p-1/1/2".to_owned(),
        }),
        index: vec![
            IndexEntry {
                name: "group".into(),
                value: IndexValue::Text("sales ✗".to_owned()),
            },
            IndexEntry {
                name: "level".into(),
                value: IndexValue::Integer(i64::MIN),
            },
        ],
        ..NewRun::new(
            RunId::from_static("o-7"),
            "Order",
            u32::MAX,
            "",
            UNIX_EPOCH - Duration::from_secs(1),
        )
    };
    for (status, kind) in STATUSES.into_iter().zip(KINDS) {
        let mut record = Record::new(&new, new.lease.is_some(), 1, 0);
        record.row.status = status;
        record.row.failure = Some(Failure {
            kind,
            ..failure.clone()
        });
        record.row.stop = Some(Stop::Terminate);
        record.row.attempts_since = Some(begin());
        record.row.pause_asked = true;
        record.row.retry_asked = kind == FailureKind::Deadline;
        record.row.parked = Some("why".into());
        record.row.ended = Some(begin());
        assert_eq!(
            Record::read(&RunId::from_static("o-7"), &record.write(Vec::new())),
            Ok(record)
        );
    }
}

#[test]
fn every_row_is_read_as_it_was_written() {
    let failure = Failure {
        state: "Paid".into(),
        transition: Some("ship".into()),
        attempts: 7,
        kind: FailureKind::Join,
        message: "1 of 2".into(),
    };
    let events = [
        Event::Transition {
            transition: "pay".into(),
            internal: false,
            visit: 7,
            version: u32::MAX,
            attempts: 1,
            message: Some("m-17".to_owned()),
            state: "Paid".into(),
            payload: Vec::new(),
            undo: None,
            answer: None,
        },
        Event::Effect {
            transition: "quote".into(),
            visit: 7,
            branch: Some("chunk[3]".to_owned()),
            output: vec![0, 255],
            state: "Paid".into(),
            source: Source::Before(u32::MAX),
            undo: "cancel".into(),
        },
        Event::Effect {
            transition: "charge".into(),
            visit: 7,
            branch: None,
            output: Vec::new(),
            state: "Placed".into(),
            source: Source::Here(b"cart".to_vec()),
            undo: "refund".into(),
        },
        Event::RollbackBegan,
        Event::Undone { of: 1, attempts: 2 },
        Event::NotUndone {
            of: u64::MAX,
            attempts: 0,
            cause: "it is gone".into(),
        },
        Event::Parked {
            reason: Text::Encoded(vec![0, 255]),
        },
        Event::Unparked,
        Event::Ended,
        Event::RollbackRetried,
        Event::PauseAsked,
        Event::PauseWithdrawn,
        Event::Paused,
        Event::Resumed,
        Event::RetryAsked,
        Event::StopAsked { stop: Stop::Cancel },
        Event::StopAsked {
            stop: Stop::Terminate,
        },
    ];
    for event in events {
        let row = write_row(
            Vec::new(),
            9,
            &RunId::from_static("r"),
            HistoryHead {
                failure: Some(&failure),
                by: Some("operator 7"),
                ..head(9, 8, begin())
            },
            &event,
            None,
        );
        let read = read_row(9, &row).unwrap().history;
        assert_eq!(read.failure.as_ref(), Some(&failure));
        assert_eq!(
            (read.event, read.by.as_deref()),
            (event, Some("operator 7"))
        );
    }
    let started = Event::Started { state: "A".into() };
    let trace = |state: Option<&str>| TraceContext {
        parent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned(),
        state: state.map(str::to_owned),
    };
    for trace in [None, Some(trace(None)), Some(trace(Some("a=b")))] {
        let row = write_row(
            Vec::new(),
            9,
            &RunId::from_static("r"),
            head(0, 0, begin()),
            &started,
            Some((b"in", b"pay", trace.as_ref())),
        );
        assert_eq!(
            read_row(9, &row).unwrap().origin,
            Some((b"in".to_vec(), b"pay".to_vec(), trace))
        );
    }
}

#[test]
fn every_output_is_read_as_it_was_written() {
    let effect = |number| EffectNote {
        undo: "cancel".into(),
        number,
    };
    for effect in [None, Some(effect(0)), Some(effect(u32::MAX))] {
        let progress = Progress::Output {
            output: vec![0, 255, 1],
            effect,
        };
        let note = write_note("o-7", "1/quote/1/air", &progress);
        assert!(is_output(&note));
        assert_eq!(read_note("o-7", "1/quote/1/air", &note), Ok(progress));
    }
}

/// With overflow checks, one more than the largest number would be a panic.
#[test]
fn a_count_at_the_end_of_its_type_is_refused() {
    let new = NewRun {
        incarnation: u64::MAX,
        ..NewRun::new(RunId::from_static("o-7"), "Order", 1, "Placed", begin())
    };
    let counts: [fn(&mut Record); 14] = [
        |record| record.row.sequence = u64::MAX,
        |record| record.row.rows = u64::MAX,
        |record| record.row.logged = u64::MAX,
        |record| record.row.history_from = u64::MAX,
        |record| record.row.epoch = u64::MAX,
        |record| record.row.visit = u64::MAX,
        |record| record.row.undos = u64::MAX,
        |record| record.row.crashes = u32::MAX,
        |record| record.first = u64::MAX,
        |record| record.last = u64::MAX,
        |record| record.retried = u64::MAX,
        |record| record.notes = u32::MAX,
        |record| record.messages = u32::MAX,
        |record| record.logged_from = u64::MAX,
    ];
    for (number, count) in counts.into_iter().enumerate() {
        let mut record = Record::new(&new, new.lease.is_some(), 1, 0);
        count(&mut record);
        let read = Record::read(&RunId::from_static("o-7"), &record.write(Vec::new()));
        let reason = read.unwrap_err();
        assert!(reason.contains("more than there can"), "{number}: {reason}");
    }
    for (number, before) in [(u64::MAX, 1), (1, u64::MAX)] {
        let event = &Event::Ended;
        let row = write_row(
            Vec::new(),
            4,
            &RunId::from_static("o-7"),
            head(number, before, begin()),
            event,
            None,
        );
        assert!(read_row(4, &row).is_err());
    }
    let progress = Progress::Attempts {
        waits: false,
        made: u32::MAX,
        called: 1,
        due: begin(),
        noted: begin(),
        failed: Vec::new(),
    };
    assert!(read_note("o-7", "", &write_note("o-7", "", &progress)).is_err());
    for time in [i64::MIN, i64::MAX] {
        let mut to = RecordWriter::of(&[VERSION]);
        to.u64(time.cast_unsigned());
        let bytes = to.finish(RecordPlace::Run);
        let (_, mut from) = RecordReader::record(&bytes, RecordPlace::Run).unwrap();
        let read = from.time().unwrap();
        assert_eq!(crate::store::micros::micros(read), time);
    }
}
