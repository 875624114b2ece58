//! Branches that are undone, and calls in doubt, of runs that outlive their process.

use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use stateway::prelude::*;
use stateway::runner::Run;
use stateway::store::{Commit, Event, Hold, Note, Source, Status, Stop, Store, StoreFuture};
use stateway::testing::{Crash, Crashes};
use stateway::{Clock, MemoryStore, RedbStore, RunId};
use tokio::time::sleep;

/// Where a trade goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Fault {
    None,
    /// A branch, after the others.
    Branch,
    /// A branch that is refused at once.
    AtOnce,
    /// The handler that joins.
    Join,
    /// The step, whose calls may have had their effect.
    Doubt,
    /// The step, whose call has had none.
    Refused,
    /// The step, which never comes back.
    Hangs,
    /// An item.
    Item,
    /// The last split leads to a `failed` state.
    Lost,
}

workflow! {
    #[durable(version = 1)]
    #[derive(Debug, Clone)]
    workflow Trade {
        input { fault: Fault, papers: Vec<u32> }

        start Asked { cart: u32 };
        state Reserved { cart: u32 };
        state Paid;
        state Called;
        done Sent;
        failed Lost;

        split reserve: Asked -> Reserved {
            branch stock: u32 with undo(restock);
            branch card: String with undo(refund), retry(2, every 1s);
            branch fraud: bool;
            join all;
        }
        step pay: Reserved -> Paid with undo(pay_back, in doubt), retry(2, every 1s), timeout(1m);
        signal call interrupts Reserved -> Called;
        step answer: Called -> Lost;
        split wrap: Paid -> Sent | Lost {
            each paper in input.papers: u32 => u32, at most 3 with undo(unwrap), spawn;
            join all;
        }
    }
}

/// The world outside: each effect by the key of who had it, and what was undone.
#[derive(Debug, Clone, Default)]
struct World(Arc<Mutex<Ledger>>);

#[derive(Debug, Default)]
struct Ledger {
    alive: BTreeMap<String, u32>,
    undone: Vec<String>,
    calls: Vec<String>,
}

impl World {
    fn has(&self, key: &impl ToString) {
        let key = key.to_string();
        let mut ledger = self.0.lock().unwrap();
        ledger.calls.push(short(&key));
        *ledger.alive.entry(key).or_default() += 1;
    }

    fn undo(&self, key: &impl ToString) {
        let key = key.to_string();
        let mut ledger = self.0.lock().unwrap();
        ledger.alive.remove(&key);
        ledger.undone.push(short(&key));
    }

    fn alive(&self) -> BTreeSet<String> {
        self.0
            .lock()
            .unwrap()
            .alive
            .keys()
            .map(|it| short(it))
            .collect()
    }

    fn undone(&self) -> Vec<String> {
        self.0.lock().unwrap().undone.clone()
    }

    fn calls(&self, key: &str) -> usize {
        let ledger = self.0.lock().unwrap();
        ledger.calls.iter().filter(|it| *it == key).count()
    }
}

/// The part of a key behind the workflow, the run and its incarnation.
fn short(key: &str) -> String {
    key.splitn(4, '/').nth(3).unwrap_or_default().to_owned()
}

impl TradeSteps for World {
    type Error = String;

    fn retryable(&self, error: &String) -> bool {
        error != "refused"
    }

    async fn stock(&self, asked: &Asked, branch: &Branch<Reserve>) -> Result<u32, String> {
        sleep(Duration::from_millis(10)).await;
        self.has(&branch.key());
        Ok(asked.cart + 1)
    }

    async fn restock(&self, asked: &Asked, stock: u32, undo: &Undo<Reserve>) -> Result<(), String> {
        assert_eq!(stock, asked.cart + 1);
        self.undo(&undo.done());
        Ok(())
    }

    async fn card(&self, _: &Asked, branch: &Branch<Reserve>) -> Result<String, String> {
        self.has(&branch.key());
        Ok("card".to_owned())
    }

    async fn refund(&self, _: &Asked, card: String, undo: &Undo<Reserve>) -> Result<(), String> {
        assert_eq!(card, "card");
        self.undo(&undo.done());
        Ok(())
    }

    async fn fraud(&self, _: &Asked, branch: &Branch<Reserve>) -> Result<bool, String> {
        match branch.input().fault {
            Fault::AtOnce => Err("refused".into()),
            Fault::Branch => {
                sleep(Duration::from_millis(20)).await;
                Err("refused".into())
            }
            _ => Ok(false),
        }
    }

    async fn reserve(
        &self,
        asked: Asked,
        _: ReserveJoined,
        step: &Step<Reserve>,
    ) -> Result<Reserve, String> {
        if step.input().fault == Fault::Join {
            return Err("refused".into());
        }
        Ok(step.to(Reserved { cart: asked.cart }))
    }

    async fn pay(&self, _: Reserved, step: &Step<Pay>) -> Result<Pay, String> {
        match step.input().fault {
            Fault::Refused => Err("refused".into()),
            Fault::Doubt => {
                self.has(&step.key());
                Err("no answer".into())
            }
            Fault::Hangs => {
                self.has(&step.key());
                pending().await
            }
            _ => {
                self.has(&step.key());
                Ok(step.to(Paid))
            }
        }
    }

    async fn pay_back(
        &self,
        undoing: Undoing<Reserved, Paid>,
        undo: &Undo<Pay>,
    ) -> Result<(), String> {
        if let Undoing::InDoubt(reserved) = undoing {
            assert_eq!(reserved.cart, 7);
        }
        self.undo(&undo.done());
        Ok(())
    }

    async fn call(&self, _: Reserved, step: &Step<OnCall>) -> Result<OnCall, String> {
        Ok(step.to(Called))
    }

    async fn answer(&self, _: Called, step: &Step<Answer>) -> Result<Answer, String> {
        Ok(step.to(Lost))
    }

    async fn paper(&self, _: &Paid, paper: &u32, branch: &Branch<Wrap>) -> Result<u32, String> {
        sleep(Duration::from_millis(u64::from(*paper))).await;
        if branch.input().fault == Fault::Item && *paper == 30 {
            return Err("refused".into());
        }
        self.has(&branch.key());
        Ok(*paper + 1)
    }

    async fn unwrap(
        &self,
        _: &Paid,
        paper: &u32,
        sheet: u32,
        undo: &Undo<Wrap>,
    ) -> Result<(), String> {
        assert_eq!(sheet, *paper + 1);
        self.undo(&undo.done());
        Ok(())
    }

    async fn wrap(&self, _: Paid, _: WrapJoined, step: &Step<Wrap>) -> Result<Wrap, String> {
        Ok(match step.input().fault {
            Fault::Lost => step.to(Lost),
            _ => step.to(Sent),
        })
    }
}

async fn open<S: Store>(store: S, world: &World, clock: &Clock) -> Runner<Trade> {
    let runner = Runner::builder(world.clone())
        .store(store)
        .clock(clock.clone());
    let runner = runner.max_crashes(100).launch().await;
    runner.expect("the store is there")
}

async fn start(runner: &Runner<Trade>, fault: Fault) -> Run<Trade> {
    let papers = vec![10, 20, 30, 40];
    let input = TradeInput { fault, papers };
    loop {
        // Whoever starts a run asks again where nobody answers.
        match runner.start("t", input.clone(), Asked { cart: 7 }).await {
            Ok(run) => return run,
            Err(error) => assert!(format!("{error:?}").contains("Unavailable"), "{error:?}"),
        }
    }
}

async fn run<S: Store>(
    store: S,
    world: &World,
    fault: Fault,
) -> Result<TradeEnd, stateway::EndError> {
    let runner = open(store, world, &Clock::tokio()).await;
    start(&runner, fault).await.end().await
}

async fn failed(world: &World, fault: Fault) -> stateway::RunFailure {
    match run(MemoryStore::new(), world, fault).await {
        Err(stateway::EndError::Failed(failure)) => *failure,
        ended => panic!("it fails, and not {ended:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn branches_are_undone_when_their_split_fails_the_last_first() {
    let world = World::default();
    let failure = failed(&world, Fault::Branch).await;
    assert_eq!(world.undone(), ["1/branch/stock", "1/branch/card"]);
    let undone: Vec<_> = failure.undone.iter().map(ToString::to_string).collect();
    assert_eq!(undone, ["stock", "card"]);
    let first = &failure.undone[0];
    assert_eq!(
        (first.transition, first.state, first.handler),
        ("reserve", "Asked", "restock")
    );
}

#[tokio::test(start_paused = true)]
async fn they_are_undone_in_turn_with_what_comes_behind_them() {
    let world = World::default();
    let failure = failed(&world, Fault::Item).await;
    let undone: Vec<_> = failure.undone.iter().map(ToString::to_string).collect();
    assert_eq!(undone, ["paper[1]", "paper[0]", "pay", "stock", "card"]);
    assert_eq!(world.alive(), BTreeSet::new());
    let world = World::default();
    let ended = run(MemoryStore::new(), &world, Fault::Lost).await;
    assert!(matches!(ended, Ok(TradeEnd::Lost(_))));
    assert_eq!((world.alive(), world.undone().len()), (BTreeSet::new(), 7));
}

#[tokio::test(start_paused = true)]
async fn a_call_in_doubt_is_undone_and_one_that_was_refused_is_not() {
    for (fault, undone) in [
        (Fault::Doubt, &["pay", "stock", "card"][..]),
        (Fault::Hangs, &["pay", "stock", "card"]),
        (Fault::Refused, &["stock", "card"]),
        (Fault::Join, &["stock", "card"]),
    ] {
        let world = World::default();
        let failure = failed(&world, fault).await;
        let names: Vec<_> = failure.undone.iter().map(ToString::to_string).collect();
        assert_eq!(names, undone, "{fault:?}");
        assert_eq!(failure.undone[0].in_doubt, undone.len() == 3);
        assert_eq!(world.alive(), BTreeSet::new());
    }
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

#[tokio::test(start_paused = true)]
async fn a_signal_that_interrupts_leaves_a_doubt() {
    let world = World::default();
    let runner = open(MemoryStore::new(), &world, &Clock::tokio()).await;
    let run = start(&runner, Fault::Hangs).await;
    while world.calls("2") == 0 {
        sleep(Duration::from_millis(1)).await;
    }
    run.call().await.expect("it is heard");
    let end = run.end().await.expect("a `failed` state is an end");
    assert!(matches!(end, TradeEnd::Lost(_)));
    assert_eq!(world.undone(), ["2", "1/branch/stock", "1/branch/card"]);
}

#[tokio::test(start_paused = true)]
async fn what_a_termination_leaves_is_undone_when_the_rollback_is_retried() {
    let world = World::default();
    let runner = open(MemoryStore::new(), &world, &Clock::tokio()).await;
    let run = start(&runner, Fault::Hangs).await;
    while world.calls("2") == 0 {
        sleep(Duration::from_millis(1)).await;
    }
    runner.terminate("t").await.unwrap();
    let Err(stateway::EndError::Failed(failure)) = run.end().await else {
        panic!("it was terminated");
    };
    let skipped: Vec<_> = failure.skipped.iter().map(ToString::to_string).collect();
    assert_eq!(skipped, ["pay", "stock", "card"]);
    assert_eq!(world.undone(), [""; 0]);
    runner.retry_rollback("t").await.unwrap();
    run.end().await.expect_err("it was terminated");
    assert_eq!(world.undone(), ["2", "1/branch/stock", "1/branch/card"]);
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
