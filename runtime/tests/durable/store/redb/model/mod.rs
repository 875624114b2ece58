//! Whatever is asked of it, `RedbStore` answers as `MemoryStore` does, which is the law as a program; and what
//! is in its file afterwards is the same.

mod ask;
mod world;

use proptest::prelude::*;
use stateway::RedbStore;
use stateway::store::{Status, Stop, Store as _};

use self::ask::{Ask, What, ask};
use self::world::{World, id};
use crate::support::rounds;

fn check(asks: &[Ask], all: &tokio::runtime::Runtime) -> Result<(), TestCaseError> {
    all.block_on(async {
        let backend = shared::Backend::default();
        let open = || RedbStore::options().open_backend(backend.clone()).unwrap();
        let mut world = World::new(open());
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
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let config = ProptestConfig {
        cases: rounds(100),
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(asks in prop::collection::vec(ask(), 1..60))| {
        check(&asks, &all)?;
    });
}

/// A request to a run that is not there says what time it is for its sender. From then on a clock that is behind that was
/// set back, in both stores alike.
#[tokio::test(start_paused = true)]
async fn a_clock_is_seen_also_where_the_operation_is_refused() {
    let redb = RedbStore::options().open_backend(shared::Backend::default());
    let mut world = World::new(redb.unwrap());
    let goes = |run, sends| Ask::Commit {
        run,
        what: What::Go {
            undo: false,
            status: Status::Running,
        },
        release: None,
        epoch: 0,
        sequence: 0,
        consumed: Vec::new(),
        effects: 0,
        sends,
    };
    let asks = [
        Ask::Stop {
            run: 0,
            stop: Stop::Cancel,
        },
        Ask::SetClock { seconds: -2 },
        Ask::Create {
            run: 1,
            workflow: 0,
            input: 0,
            is_held: false,
            due: None,
            priority: 0,
            again: false,
        },
        goes(1, Some(3)),
        Ask::Claim {
            known: 9,
            limit: 1,
            holder: 0,
            lease: 0,
            suspects: 0,
        },
    ];
    for ask in &asks {
        world.ask(ask).await.unwrap();
    }
}

/// A history of more rows than there are between two marks, read from every place.
#[tokio::test(start_paused = true)]
async fn a_long_history_is_read_from_everywhere() {
    let redb = RedbStore::options().open_backend(shared::Backend::default());
    let mut world = World::new(redb.unwrap());
    for run in [0, 1] {
        let create = Ask::Create {
            run,
            workflow: 0,
            input: 0,
            is_held: true,
            due: None,
            priority: 0,
            again: false,
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
                effects: if number % 50 == 3 { 5 } else { 0 },
                sends: None,
            };
            world.ask(&commit).await.unwrap();
        }
    }
    let row = world.redb.get(&id(0)).await.unwrap().unwrap().row;
    assert_eq!((row.sequence, row.rows), (300, 330));
    // Around the marks, and past the end.
    let starts = (0..=331).filter(|from| from % 7 == 0 || from % 64 < 3 || *from > 327);
    for from in starts {
        for limit in [0, 1, 2, 63, 64, 65, 1_000, usize::MAX] {
            world.read(&id(0), from, limit).await.unwrap();
        }
    }
    // Half of it is undone, then nothing more until it is terminated and tried again, over several marks.
    for what in [What::Undone, What::NotUndone, What::Undone] {
        for _ in 0..20 {
            world.ask(&commit(what.clone())).await.unwrap();
            world.read(&id(0), 0, 3).await.unwrap();
        }
        let status = Status::Terminated;
        world.ask(&commit(What::Ended { status })).await.unwrap();
        world.ask(&Ask::RetryRollback { run: 0 }).await.unwrap();
        for limit in [0, 1, 2, 64, 1_000] {
            world.read(&id(0), 0, limit).await.unwrap();
        }
    }
    let left = world.redb.undoable(&id(0), 1_000).await.unwrap();
    assert_eq!(left.len(), 43 + 30 - 40, "of all that can be undone");
    world.read_all().await.unwrap();
}

/// A commit of run 0 as it is.
fn commit(what: What) -> Ask {
    Ask::Commit {
        run: 0,
        what,
        release: None,
        epoch: 0,
        sequence: 0,
        consumed: Vec::new(),
        effects: 0,
        sends: None,
    }
}
