//! The store before it is damaged: its bytes, and all that it answers.

use std::collections::BTreeMap;

use stateway::store::{
    Claim, Claimed, Commit, EffectNote, Event, Failure, FailureKind, Filter, Found, HistoryRow,
    LogEntry, LogRow, Message, NewRun, Note, NoteRow, Progress, RunRow, Source, Status, Store as _,
    Wait,
};
use stateway::{RedbStore, RunId};

use crate::disk::{Disk, Moment};
use crate::walk::{self, at};

pub(crate) struct Model {
    pub(crate) bytes: Vec<u8>,
    pub(crate) rows: BTreeMap<String, RunRow>,
    pub(crate) found: BTreeMap<String, Found>,
    pub(crate) histories: BTreeMap<String, Vec<HistoryRow>>,
    pub(crate) logs: BTreeMap<String, Vec<LogRow>>,
    /// The result of a claim of everything that is due.
    pub(crate) claimed: BTreeMap<String, Claimed>,
}

pub(crate) fn message(run: &RunId, number: u64) -> Message {
    Message {
        run: run.clone(),
        id: format!("message-{number}"),
        signal: "nudge".into(),
        payload: vec![1; 20],
        at: at(5),
    }
}

/// A run that somebody holds, with an input and a payload of its own.
pub(crate) fn new(id: &str) -> NewRun {
    NewRun {
        input: format!("input of {id}").into_bytes(),
        payload: format!("{id} has begun").into_bytes(),
        ..walk::held(id)
    }
}

/// Claims all that are due.
pub(crate) fn claim() -> Claim {
    walk::claim(at(1_000))
}

/// A transition with a payload of about this length.
pub(crate) fn step(row: &RunRow, length: usize) -> Commit {
    Commit {
        event: Event::Transition {
            transition: "go".into(),
            internal: false,
            visit: row.visit + 1,
            attempts: 1,
            state: format!("State{}", row.sequence % 5).into(),
            payload: format!("{} of {}", row.sequence, row.id)
                .repeat(length)
                .into_bytes(),
            undo: row.sequence.is_multiple_of(3).then(|| "back".into()),
            version: 1,
            message: None,
            answer: None,
        },
        effects: effects(row),
        logged: (0..row.sequence % 3).map(|of| entry(row, of)).collect(),
        ..walk::step(row, Status::Running)
    }
}

/// Three effects of every fourth transition, the first of which has the state.
fn effects(row: &RunRow) -> Vec<Event> {
    let effect = |number: u32| Event::Effect {
        transition: "go".into(),
        visit: row.visit + 1,
        branch: Some(format!("chunk[{number}]")),
        output: format!("chunk {number} of {}", row.id).into_bytes(),
        state: row.state.clone(),
        source: match number {
            0 => Source::Here(format!("{} at {}", row.id, row.sequence).into_bytes()),
            number => Source::Before(number),
        },
        undo: "give_back".into(),
    };
    match row.sequence % 4 {
        1 => (0..3).map(effect).collect(),
        _ => Vec::new(),
    }
}

fn entry(row: &RunRow, number: u64) -> LogEntry {
    LogEntry {
        log: "steps".into(),
        entry: format!("entry {} of {}", row.logged + number, row.id).into_bytes(),
    }
}

/// A store over bytes, in memory.
pub(crate) fn disk(bytes: Vec<u8>) -> Disk {
    Disk::with(bytes, Moment::Never)
}

pub(crate) fn wait<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(future)
}

async fn fill(store: &RedbStore, runs: u64) {
    for number in 0..runs {
        let id: RunId = format!("run-{number:02}").parse().unwrap();
        let created = store.create(new(&id.text())).await.unwrap();
        let stateway::store::Created::New(mut row) = created else {
            panic!("it is new")
        };
        let steps = if number == 7 { 200 } else { number % 12 };
        for _ in 0..steps {
            let length = if number == 9 { 300 } else { 2 };
            let commit = step(&row, length);
            store.commit(commit.clone()).await.unwrap();
            let _ = row.apply(&commit, 0);
        }
        if number % 4 == 1 {
            for key in ["", "1/assess/1/fraud"] {
                let progress = if key.is_empty() {
                    Progress::Attempts {
                        made: 2,
                        waits: false,
                        called: 1,
                        due: at(9),
                        noted: at(8),
                        failed: Vec::new(),
                    }
                } else {
                    Progress::Output {
                        output: b"no fraud".to_vec(),
                        effect: (number % 8 == 1).then(|| EffectNote {
                            undo: "give_back".into(),
                            number: 3,
                        }),
                    }
                };
                let note = NoteRow {
                    key: key.to_owned(),
                    progress,
                };
                let note = Note {
                    run: id.clone(),
                    epoch: row.epoch,
                    sequence: row.sequence,
                    note,
                    is_boundary: false,
                };
                store.note(note).await.unwrap();
            }
        }
        if number % 4 == 2 {
            for number in 0..3 {
                store.send(message(&id, number).into()).await.unwrap();
            }
        }
        let mut end = step(&row, 1);
        match number % 5 {
            0 => end.status = Status::Done,
            1 => {
                end.event = Event::Parked {
                    reason: "somebody has to look".into(),
                };
                end.status = Status::Parked;
                end.failure = Some(Failure {
                    state: "State1".into(),
                    transition: Some("go".into()),
                    attempts: 3,
                    kind: FailureKind::Timeout,
                    message: "it took too long".into(),
                });
            }
            2 => {
                end.release = Some(Wait {
                    due: Some(at(30)),
                    messages: 3,
                });
            }
            _ => continue,
        }
        store.commit(end).await.unwrap();
    }
}

impl Model {
    /// Writes it. One that is not closed is as a process leaves it that dies a moment after it has written.
    pub(crate) fn write(is_closed: bool) -> Self {
        Model::of(70, is_closed)
    }

    /// Writes one with this many runs.
    pub(crate) fn of(runs: u64, is_closed: bool) -> Self {
        let first = disk(Vec::new());
        let store = RedbStore::options().open_backend(first.clone()).unwrap();
        wait(fill(&store, runs));
        // The last commit is sealed when nobody asks for more.
        let written = first.flushes();
        while first.flushes() < written + 2 {
            std::thread::yield_now();
        }
        let left = first.bytes();
        drop(store);
        let bytes = if is_closed { first.bytes() } else { left };
        // A copy is asked, since a claim is a change.
        let store = RedbStore::options()
            .open_backend(disk(bytes.clone()))
            .unwrap();
        wait(async {
            let mut model = Model {
                bytes,
                rows: BTreeMap::new(),
                found: BTreeMap::new(),
                histories: BTreeMap::new(),
                logs: BTreeMap::new(),
                claimed: BTreeMap::new(),
            };
            let filter = Filter::new().limit(1_000);
            for row in store.list(filter).await.unwrap() {
                let id = row.id.to_string();
                let found = store.get(&row.id).await.unwrap().unwrap();
                let history = store.history(&row.id, 0, 1_000).await.unwrap();
                model.found.insert(id.clone(), found);
                let log = store.log(&row.id, 0, 1_000).await.unwrap();
                model.histories.insert(id.clone(), history);
                model.logs.insert(id.clone(), log);
                model.rows.insert(id, row);
            }
            for claimed in store.claim(claim()).await.unwrap().taken {
                model.claimed.insert(claimed.row.id.to_string(), claimed);
            }
            model
        })
    }
}
