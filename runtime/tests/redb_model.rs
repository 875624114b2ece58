//! Whatever is asked of it, `RedbStore` answers as `MemoryStore` does, which is the law as a program; and what
//! is in its file afterwards is the same.

use std::fmt::Debug;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use proptest::prelude::*;
use stateway::store::{
    Claim, Commit, Event, Failure, FailureKind, Filter, Heartbeat, Message, NewRun, Note, NoteRow,
    Progress, Purge, Status, Stop, Store,
};
use stateway::{MemoryStore, RedbStore, RunId, StoreError};

/// What is asked. Numbers are taken modulo what there is.
#[derive(Debug, Clone)]
enum Ask {
    Create {
        run: u8,
        workflow: u8,
        input: u8,
        is_held: bool,
    },
    Claim {
        workflow: u8,
        limit: u8,
        lease: u8,
    },
    Commit {
        run: u8,
        what: What,
        release: Option<u8>,
        /// Added to what the run has, so that most commits are right.
        epoch: u8,
        sequence: i8,
        consumed: Vec<u8>,
    },
    /// The last commit once more.
    Again,
    Note {
        run: u8,
        key: u8,
        output: Option<u8>,
        epoch: u8,
    },
    Heartbeat {
        lease: u8,
    },
    Stop {
        run: u8,
        stop: Stop,
    },
    Send {
        run: u8,
        id: u8,
    },
    Unpark {
        run: u8,
    },
    Purge {
        workflow: Option<u8>,
        ago: u8,
        limit: u8,
    },
    List {
        workflow: Option<u8>,
        status: Option<Status>,
        after: Option<u8>,
        limit: u8,
    },
    Read {
        run: u8,
        from: u8,
        limit: u8,
    },
    Wait {
        seconds: u8,
    },
}

#[derive(Debug, Clone)]
enum What {
    Go { undo: bool, status: Status },
    Begin,
    Undone,
    NotUndone,
    Released,
    Parked,
    Ended { status: Status },
}

const STATUSES: [Status; 7] = [
    Status::Running,
    Status::RollingBack,
    Status::Parked,
    Status::Done,
    Status::Failed,
    Status::Cancelled,
    Status::Terminated,
];

fn status() -> impl Strategy<Value = Status> {
    prop::sample::select(&STATUSES[..])
}

fn what() -> impl Strategy<Value = What> {
    let going = prop::sample::select(vec![
        Status::Running,
        Status::Running,
        Status::Running,
        Status::RollingBack,
        Status::Done,
    ]);
    let ends = prop::sample::select(&STATUSES[4..]);
    prop_oneof![
        6 => (any::<bool>(), going).prop_map(|(undo, status)| What::Go { undo, status }),
        1 => Just(What::Begin),
        2 => Just(What::Undone),
        1 => Just(What::NotUndone),
        1 => Just(What::Released),
        1 => Just(What::Parked),
        1 => ends.prop_map(|status| What::Ended { status }),
    ]
}

fn ask() -> impl Strategy<Value = Ask> {
    let some = || prop::option::weighted(0.3, 0u8..4);
    let epoch = || prop::sample::select(vec![0, 0, 0, 0, 0, 0, 0, 1]);
    prop_oneof![
        3 => (0u8..5, 0u8..2, 0u8..2, any::<bool>())
            .prop_map(|(run, workflow, input, is_held)| Ask::Create { run, workflow, input, is_held }),
        3 => (0u8..2, 0u8..4, 0u8..60)
            .prop_map(|(workflow, limit, lease)| Ask::Claim { workflow, limit, lease }),
        12 => (0u8..5, what(), some(), epoch(), -1i8..2, prop::collection::vec(0u8..3, 0..2))
            .prop_map(|(run, what, release, epoch, sequence, consumed)| {
                // Most of them expect what is there.
                let sequence = if epoch == 1 { sequence } else { 0 };
                Ask::Commit { run, what, release, epoch, sequence, consumed }
            }),
        1 => Just(Ask::Again),
        2 => (0u8..5, 0u8..3, some(), epoch())
            .prop_map(|(run, key, output, epoch)| Ask::Note { run, key, output, epoch }),
        1 => (0u8..60).prop_map(|lease| Ask::Heartbeat { lease }),
        1 => (0u8..5, prop::sample::select(vec![Stop::Cancel, Stop::Terminate]))
            .prop_map(|(run, stop)| Ask::Stop { run, stop }),
        2 => (0u8..5, 0u8..4).prop_map(|(run, id)| Ask::Send { run, id }),
        1 => (0u8..5).prop_map(|run| Ask::Unpark { run }),
        1 => (prop::option::of(0u8..2), 0u8..30, 0u8..4)
            .prop_map(|(workflow, ago, limit)| Ask::Purge { workflow, ago, limit }),
        1 => (prop::option::of(0u8..2), prop::option::of(status()), some(), 0u8..6)
            .prop_map(|(workflow, status, after, limit)| Ask::List { workflow, status, after, limit }),
        1 => (0u8..5, 0u8..6, 0u8..6).prop_map(|(run, from, limit)| Ask::Read { run, from, limit }),
        2 => (0u8..30).prop_map(|seconds| Ask::Wait { seconds }),
    ]
}

fn id(run: u8) -> RunId {
    // One is the beginning of another, and one is empty.
    ["a", "a/b", "a\u{0}", "", "ab"][usize::from(run)].into()
}

fn workflow(number: u8) -> String {
    ["Walk", "Talk"][usize::from(number)].to_owned()
}

/// The world in which both are asked.
struct World {
    memory: MemoryStore,
    redb: RedbStore,
    now: SystemTime,
    last: Option<Commit>,
}

/// How a store answered. Errors are compared by their texts.
fn text<T: Debug>(answer: &Result<T, StoreError>) -> String {
    match answer {
        Ok(answer) => format!("{answer:?}"),
        Err(error) => format!("error: {error}"),
    }
}

macro_rules! both {
    ($world:ident, $what:expr, $store:ident => $ask:expr) => {{
        let memory = {
            let $store = &$world.memory;
            $ask.await
        };
        let redb = {
            let $store = &$world.redb;
            $ask.await
        };
        prop_assert_eq!(text(&memory), text(&redb), "{:?}", $what);
        memory
    }};
}

impl World {
    fn in_seconds(&self, seconds: u8) -> SystemTime {
        self.now + Duration::from_secs(seconds.into())
    }

    async fn commit(
        &self,
        run: &RunId,
        what: &What,
        release: Option<u8>,
        epoch: u8,
        sequence: i8,
        consumed: &[u8],
    ) -> Option<Commit> {
        let row = self.memory.get(run).await.unwrap()?.row;
        let history = self.memory.undoable(run, 1).await.unwrap();
        let of = history.first().map_or(0, |row| row.sequence);
        let event = match what {
            What::Go { undo, .. } => Event::Transition {
                transition: "go".into(),
                visit: row.visit + 1,
                attempts: 1,
                state: format!("S{}", row.visit + 1),
                payload: vec![7; usize::try_from(row.visit % 5).unwrap()],
                undo: undo.then(|| "unfasten".into()),
            },
            What::Begin => Event::RollbackBegan,
            What::Undone => Event::Undone { of, attempts: 2 },
            What::NotUndone => Event::NotUndone {
                of,
                attempts: 1,
                cause: "no".into(),
            },
            What::Released => Event::Released,
            What::Parked => Event::Parked {
                reason: "why".into(),
            },
            What::Ended { .. } => Event::Ended,
        };
        let status = match what {
            What::Go { status, .. } | What::Ended { status } => *status,
            What::Begin | What::Undone | What::NotUndone => Status::RollingBack,
            What::Released => row.status,
            What::Parked => Status::Parked,
        };
        let failure = matches!(what, What::Begin | What::Ended { .. }).then(|| Failure {
            state: row.state.clone(),
            transition: None,
            attempts: 0,
            kind: FailureKind::Handler,
            message: "it failed".into(),
        });
        Some(Commit {
            run: run.clone(),
            epoch: row.epoch + u64::from(epoch),
            sequence: row.sequence.saturating_add_signed(sequence.into()),
            at: self.now,
            event,
            status,
            release: release.map(|seconds| self.in_seconds(seconds)),
            failure,
            consumed: consumed.iter().map(|id| format!("m{id}")).collect(),
        })
    }

    #[expect(clippy::too_many_lines, reason = "it is a table of what can be asked")]
    async fn ask(&mut self, ask: &Ask) -> Result<(), TestCaseError> {
        match ask {
            Ask::Create {
                run,
                workflow: of,
                input,
                is_held,
            } => {
                let new = NewRun {
                    id: id(*run),
                    workflow: workflow(*of),
                    version: 1,
                    input: vec![*input],
                    state: "S0".into(),
                    payload: vec![*input, *input],
                    at: self.now,
                    lease: is_held.then(|| self.in_seconds(20)),
                };
                both!(self, ask, store => store.create(new.clone())).ok();
            }
            Ask::Claim {
                workflow: of,
                limit,
                lease,
            } => {
                let claim = Claim {
                    workflow: workflow(*of),
                    now: self.now,
                    lease: self.in_seconds(*lease),
                    limit: (*limit).into(),
                };
                both!(self, ask, store => store.claim(claim.clone())).ok();
            }
            Ask::Commit {
                run,
                what,
                release,
                epoch,
                sequence,
                consumed,
            } => {
                let run = id(*run);
                let commit = self
                    .commit(&run, what, *release, *epoch, *sequence, consumed)
                    .await;
                let Some(commit) = commit else { return Ok(()) };
                both!(self, ask, store => store.commit(commit.clone())).ok();
                self.last = Some(commit);
            }
            Ask::Again => {
                if let Some(commit) = self.last.clone() {
                    both!(self, ask, store => store.commit(commit.clone())).ok();
                }
            }
            Ask::Note {
                run,
                key,
                output,
                epoch,
            } => {
                let Some(found) = self.memory.get(&id(*run)).await.unwrap() else {
                    return Ok(());
                };
                let progress = match output {
                    Some(output) => Progress::Output(vec![*output; 3]),
                    None => Progress::Attempts {
                        made: 1,
                        due: self.now,
                    },
                };
                let note = Note {
                    run: id(*run),
                    epoch: found.row.epoch + u64::from(*epoch),
                    sequence: found.row.sequence,
                    note: NoteRow {
                        key: ["", "1", "1/0"][usize::from(*key)].into(),
                        progress,
                    },
                };
                both!(self, ask, store => store.note(note.clone())).ok();
            }
            Ask::Heartbeat { lease } => {
                let rows = self.memory.list(Filter::default()).await.unwrap();
                let heartbeat = Heartbeat {
                    claims: rows.into_iter().map(|row| (row.id, row.epoch)).collect(),
                    lease: self.in_seconds(*lease),
                };
                both!(self, ask, store => store.heartbeat(heartbeat.clone())).ok();
            }
            Ask::Stop { run, stop } => {
                both!(self, ask, store => store.stop(&id(*run), *stop, self.now)).ok();
            }
            Ask::Send { run, id: message } => {
                let message = Message {
                    run: id(*run),
                    id: format!("m{message}"),
                    signal: "approve".into(),
                    payload: vec![*message],
                    at: self.now,
                };
                both!(self, ask, store => store.send(message.clone())).ok();
            }
            Ask::Unpark { run } => {
                both!(self, ask, store => store.unpark(&id(*run), self.now)).ok();
            }
            Ask::Purge {
                workflow: of,
                ago,
                limit,
            } => {
                let purge = Purge {
                    workflow: of.map(workflow),
                    ended_before: self.now - Duration::from_secs((*ago).into()),
                    limit: (*limit).into(),
                };
                both!(self, ask, store => store.purge(purge.clone())).ok();
            }
            Ask::List {
                workflow: of,
                status,
                after,
                limit,
            } => {
                let filter = Filter {
                    workflow: of.map(workflow),
                    status: *status,
                    after: after.map(id),
                    limit: (*limit).into(),
                    ..Filter::default()
                };
                both!(self, ask, store => store.list(filter.clone())).ok();
            }
            Ask::Read { run, from, limit } => {
                self.read(&id(*run), (*from).into(), (*limit).into())
                    .await?;
            }
            Ask::Wait { seconds } => self.now = self.in_seconds(*seconds),
        }
        for of in 0..2 {
            both!(self, ask, store => store.next_due(&workflow(of))).ok();
        }
        Ok(())
    }

    async fn read(&self, run: &RunId, from: u64, limit: usize) -> Result<(), TestCaseError> {
        both!(self, run, store => store.get(run)).ok();
        both!(self, run, store => store.history(run, from, limit)).ok();
        both!(self, run, store => store.undoable(run, limit)).ok();
        Ok(())
    }

    async fn read_all(&self) -> Result<(), TestCaseError> {
        both!(self, "all", store => store.list(Filter::default())).ok();
        for run in 0..5 {
            self.read(&id(run), 0, 1_000).await?;
        }
        Ok(())
    }
}

fn check(asks: &[Ask], all: &tokio::runtime::Runtime) -> Result<(), TestCaseError> {
    all.block_on(async {
        let backend = shared::Backend::default();
        let open = || RedbStore::options().open_backend(backend.clone()).unwrap();
        let mut world = World {
            memory: MemoryStore::new(),
            redb: open(),
            now: UNIX_EPOCH + Duration::from_hours(500_000),
            last: None,
        };
        for ask in asks {
            world.ask(ask).await?;
        }
        world.read_all().await?;
        // The file has it all.
        world.redb = open_again(world.redb, open);
        world.read_all().await
    })
}

fn open_again(store: RedbStore, open: impl Fn() -> RedbStore) -> RedbStore {
    drop(store);
    open()
}

mod shared {
    //! Memory that outlives the store over it.

    use std::io::Result;
    use std::sync::Arc;

    use redb::StorageBackend;
    use redb::backends::InMemoryBackend;

    #[derive(Debug, Clone, Default)]
    pub(crate) struct Backend(Arc<InMemoryBackend>);

    impl StorageBackend for Backend {
        fn len(&self) -> Result<u64> {
            self.0.len()
        }

        fn read(&self, offset: u64, out: &mut [u8]) -> Result<()> {
            self.0.read(offset, out)
        }

        fn set_len(&self, length: u64) -> Result<()> {
            self.0.set_len(length)
        }

        fn sync_data(&self) -> Result<()> {
            self.0.sync_data()
        }

        fn write(&self, offset: u64, data: &[u8]) -> Result<()> {
            self.0.write(offset, data)
        }
    }
}

#[test]
fn both_stores_answer_alike() {
    let all = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let config = ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(asks in prop::collection::vec(ask(), 1..60))| {
        check(&asks, &all)?;
    });
}

/// A history of more rows than there are between two marks, read from every place.
#[tokio::test]
async fn a_long_history_is_read_from_everywhere() {
    let mut world = World {
        memory: MemoryStore::new(),
        redb: RedbStore::options()
            .open_backend(shared::Backend::default())
            .unwrap(),
        now: UNIX_EPOCH + Duration::from_hours(500_000),
        last: None,
    };
    for run in [0, 1] {
        let create = Ask::Create {
            run,
            workflow: 0,
            input: 0,
            is_held: true,
        };
        world.ask(&create).await.unwrap();
    }
    for number in 0..300 {
        for run in [0, 1] {
            let commit = Ask::Commit {
                run,
                what: What::Go {
                    undo: number % 7 == 0,
                    status: Status::Running,
                },
                release: None,
                epoch: 0,
                sequence: 0,
                consumed: Vec::new(),
            };
            world.ask(&commit).await.unwrap();
        }
    }
    let row = world.redb.get(&id(0)).await.unwrap().unwrap().row;
    assert_eq!(row.sequence, 300);
    for from in 0..=301 {
        for limit in [0, 1, 2, 63, 64, 65, 1_000, usize::MAX] {
            world.read(&id(0), from, limit).await.unwrap();
        }
    }
    // Half of it is undone.
    for _ in 0..20 {
        let undone = Ask::Commit {
            run: 0,
            what: What::Undone,
            release: None,
            epoch: 0,
            sequence: 0,
            consumed: Vec::new(),
        };
        world.ask(&undone).await.unwrap();
        world.read(&id(0), 0, 3).await.unwrap();
    }
    world.read_all().await.unwrap();
}
