//! Branches that are undone, of runs that outlive their process, and everything else that is undone by itself, whatever crashes.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use stateway::prelude::*;
use stateway::store::{Commit, Event, Hold, Note, Source, Status, Stop, Store, StoreFuture};
use stateway::testing::{Crash, Crashes};
use stateway::{Clock, MemoryStore, RedbStore, RunId};

use crate::support::trade::*;

#[tokio::test(start_paused = true)]
async fn branches_are_undone_when_their_split_fails_the_last_first() {
    let world = World::default();
    let failure = failed(&world, Fault::Branch).await;
    assert_eq!(world.undone(), ["1/branch/stock", "1/branch/card"]);
    let undone: Vec<_> = failure
        .rollback
        .undone
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(undone, ["stock", "card"]);
    let first = &failure.rollback.undone[0];
    assert_eq!(
        (first.transition, first.state, first.handler),
        ("reserve", "Asked", "restock")
    );
}

#[tokio::test(start_paused = true)]
async fn they_are_undone_in_turn_with_what_comes_behind_them() {
    let world = World::default();
    let failure = failed(&world, Fault::Item).await;
    let undone: Vec<_> = failure
        .rollback
        .undone
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(undone, ["paper[1]", "paper[0]", "pay", "stock", "card"]);
    assert_eq!(world.alive(), BTreeSet::new());
    let world = World::default();
    let ended = run(MemoryStore::new(), &world, Fault::Lost).await;
    assert!(matches!(ended, Ok(TradeEnd::Lost(_))));
    assert_eq!((world.alive(), world.undone().len()), (BTreeSet::new(), 7));
}

/// A store that remembers which branches it has noted as done.
#[derive(Clone)]
struct Noting {
    store: Arc<MemoryStore>,
    noted: Arc<Mutex<BTreeSet<String>>>,
}

impl Noting {
    fn new() -> Self {
        Noting {
            store: Arc::new(MemoryStore::new()),
            noted: Arc::default(),
        }
    }
}

impl Store for Noting {
    fn commit(&self, commit: Commit) -> StoreFuture<'_, Hold> {
        self.store.commit(commit)
    }

    fn note(&self, note: Note) -> StoreFuture<'_, Hold> {
        Box::pin(async move {
            let key = note.note.key.clone();
            let is_effect = note.note.progress.effect().is_some();
            let noted = self.store.note(note).await?;
            if is_effect {
                self.noted.lock().unwrap().insert(key);
            }
            Ok(noted)
        })
    }

    passed_on! { stop(run: &RunId, stop: Stop, request: stateway::store::Request) -> (); }
    passed_on! { @but_notes }
}

/// The key of a branch, by that of its note: `1/branch/card` for `1/reserve/1/card`.
fn key_of(note: &str) -> String {
    let parts: Vec<_> = note.split('/').collect();
    let branch = parts[3].replace('[', "/").replace(']', "");
    format!("{}/branch/{branch}", parts[0])
}

/// The whole of a run with each crash at each operation of the store: all that was done of a run that has failed is undone, and
/// nothing of one that has not. A branch that has told nobody yet that it was done is called again, unless the run is cancelled
/// meanwhile.
#[tokio::test(start_paused = true)]
async fn nothing_that_was_done_is_forgotten_whatever_crashes() {
    let faults = [
        Fault::None,
        Fault::Branch,
        Fault::AtOnce,
        Fault::Join,
        Fault::Doubt,
        Fault::Refused,
        Fault::Hangs,
        Fault::Item,
        Fault::Lost,
    ];
    for fault in faults {
        for cancels in [false, true] {
            for crash in Crash::ALL {
                for n in 1.. {
                    if !crashed(fault, crash, n, cancels).await {
                        break;
                    }
                }
            }
        }
    }
}

/// Returns true if there was an operation with that number.
async fn crashed(fault: Fault, crash: Crash, n: u64, cancels: bool) -> bool {
    let world = World::default();
    let store = Noting::new();
    let crashes = Crashes::new(store.clone()).at(n, crash);
    tokio::select! {
        _ = run(crashes.clone(), &world, fault) => {}
        () = crashes.crashed() => {}
    }
    let is_there = crashes.operations() >= n;
    let whole = crashes.restarted();
    let id = "t".parse().unwrap();
    let noted: BTreeSet<_> = store
        .noted
        .lock()
        .unwrap()
        .iter()
        .map(|it| key_of(it))
        .collect();
    if cancels && whole.get(&id).await.unwrap().is_some() {
        // It may have ended.
        let _ = whole
            .stop(&id, Stop::Cancel, Clock::tokio().now().into())
            .await;
    }
    let ended = run(whole.clone(), &world, fault).await;
    let row = whole.get(&id).await.unwrap().unwrap().row;
    let context = format!("{fault:?}, {crash:?} at {n}, cancelled: {cancels}: {ended:?}");
    if row.status == Status::Done {
        assert_eq!(world.undone(), [""; 0], "{context}");
    } else {
        let mut alive = world.alive();
        if cancels {
            alive.retain(|key| !key.contains("/branch/") || noted.contains(key));
        }
        assert_eq!(alive, BTreeSet::new(), "{context}");
        assert_eq!((row.undos, row.not_undone), (0, 0), "{context}");
    }
    is_there
}

/// A thousand items share the state that their split leaves.
#[tokio::test(start_paused = true)]
async fn the_source_state_is_stored_once_for_all_branches_of_a_split() {
    let world = World::default();
    let runner = open(MemoryStore::new(), &world, &Clock::tokio()).await;
    let papers = vec![1; 1_000];
    let input = TradeInput {
        fault: Fault::Lost,
        papers,
    };
    let run = runner.start("t", input, Asked { cart: 7 }).await.unwrap();
    let end = run.end().await.expect("a `failed` state is an end");
    assert!(matches!(end, TradeEnd::Lost(_)));
    let history = runner.history(run.id()).await.unwrap();
    let sources = history.iter().filter_map(|row| match &row.event {
        Event::Effect {
            transition, source, ..
        } if transition == "wrap" => Some(source),
        _ => None,
    });
    let here = sources
        .clone()
        .filter(|it| matches!(it, Source::Here(_)))
        .count();
    assert_eq!((here, sources.count()), (1, 1_000));
    assert_eq!(world.undone().len(), 1_003);
    assert_eq!(world.alive(), BTreeSet::new());
}

mod dropped {
    use super::*;

    workflow! {
        #[durable(version = 1)]
        #[derive(Debug, Clone)]
        pub(super) workflow Race {
            start Asked;
            state Won;
            done Sent;
            split race as Running: Asked -> Won {
                branch one: u32 with undo(undo_one);
                branch two: u32 with undo(undo_two), spawn;
                branch three: u32 with undo(undo_three);
                join any;
            }
            step send as Sending: Won -> Sent;
        }
    }

    impl RaceSteps for World {
        type Error = String;

        async fn one(&self, _: &Asked, branch: &Branch<Running>) -> Result<u32, String> {
            self.has(&branch.key());
            Ok(1)
        }

        async fn two(&self, _: &Asked, branch: &Branch<Running>) -> Result<u32, String> {
            self.has(&branch.key());
            Ok(2)
        }

        async fn three(&self, _: &Asked, branch: &Branch<Running>) -> Result<u32, String> {
            self.has(&branch.key());
            Ok(3)
        }

        async fn undo_one(&self, _: &Asked, _: u32, undo: &Undo<Running>) -> Result<(), String> {
            self.undo(&undo.done());
            Ok(())
        }

        async fn undo_two(&self, _: &Asked, _: u32, undo: &Undo<Running>) -> Result<(), String> {
            self.undo(&undo.done());
            Ok(())
        }

        async fn undo_three(&self, _: &Asked, _: u32, undo: &Undo<Running>) -> Result<(), String> {
            self.undo(&undo.done());
            Ok(())
        }

        async fn race(
            &self,
            _: Asked,
            _: RunningJoined,
            step: &Step<Running>,
        ) -> Result<Running, String> {
            Ok(step.to(Won))
        }

        async fn send(&self, _: Won, _: &Step<Sending>) -> Result<Sending, String> {
            Err("refused".into())
        }
    }
}

/// They are done at once, and only one is waited for.
#[tokio::test]
async fn a_branch_that_is_dropped_while_its_end_is_stored_is_undone() {
    for _ in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let store = RedbStore::open(folder.path().join("runs.redb")).unwrap();
        let world = World::default();
        let runner = Runner::<dropped::Race>::builder(world.clone()).store(store);
        let runner = runner.launch().await.unwrap();
        let run = runner.start("t", (), dropped::Asked).await.unwrap();
        run.end().await.expect_err("it fails");
        assert!(!world.undone().is_empty());
        assert_eq!(world.alive(), BTreeSet::new());
        runner.shut_down(Duration::from_secs(1)).await;
    }
}
