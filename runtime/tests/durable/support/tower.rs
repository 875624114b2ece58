//! A tower that is never finished, and a world outside that says which of its floors can be taken down when.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use stateway::prelude::*;
use stateway::store::{Commit, Event, HistoryRow, Hold, Request, Stop, Store, StoreFuture};
use stateway::{Clock, MemoryStore, OpenError, RedbStore, RunId};

workflow! {
    #[durable(version = 1)]
    #[derive(Clone, Debug, PartialEq)]
    pub(crate) workflow Tower {
        start Empty;
        state One;
        state Two;
        state Three;
        state Four;
        done  Finished;

        step lay: Empty -> One with undo(take_one);
        step build: One -> Two with undo(take_two, retry(2, every 2s));
        step rest: Two -> Three;
        step roof: Three -> Four with undo(take_four);
        step finish: Four -> Finished;
    }
}

/// The handlers that take floors down, in the order in which a rollback calls them.
pub(crate) const TAKES: [&str; 3] = ["take_four", "take_two", "take_one"];

/// The events that were seen, in order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Seen {
    /// A handler that undoes something was called, with this key, at this attempt.
    Called(&'static str, String, u32),
    /// The store has it that this transition was undone, or could not be.
    Recorded { of: u64, is_undone: bool },
}

/// The clones of one are the same world, which lives on where a machine is lost.
#[derive(Clone, Default)]
pub(crate) struct World(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    fails: Vec<&'static str>,
    seen: Vec<Seen>,
}

impl World {
    /// These fail from now on, and no others.
    pub(crate) fn fail(&self, fails: &[&'static str]) {
        self.0.lock().unwrap().fails = fails.to_vec();
    }

    /// Returns the events since the last call.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        std::mem::take(&mut self.0.lock().unwrap().seen)
    }

    async fn take(&self, floor: &'static str, key: String, attempt: u32) -> Result<(), String> {
        // It takes a moment, in which a machine may be lost.
        tokio::time::sleep(Duration::from_millis(1)).await;
        let mut inner = self.0.lock().unwrap();
        inner.seen.push(Seen::Called(floor, key, attempt));
        if inner.fails.contains(&floor) {
            return Err(format!("{floor} failed"));
        }
        Ok(())
    }
}

macro_rules! takes {
    ($($undo:ident($transition:ident): $state:ident;)*) => {$(
        async fn $undo(&self, _: $state, undo: &Undo<$transition>) -> Result<(), String> {
            self.take(stringify!($undo), undo.key().to_string(), undo.attempt()).await
        }
    )*};
}

impl TowerSteps for World {
    type Error = String;

    async fn lay(&self, _: Empty, step: &Step<Lay>) -> Result<Lay, String> {
        Ok(step.to(One))
    }

    async fn build(&self, _: One, step: &Step<Build>) -> Result<Build, String> {
        Ok(step.to(Two))
    }

    async fn rest(&self, _: Two, step: &Step<Rest>) -> Result<Rest, String> {
        Ok(step.to(Three))
    }

    async fn roof(&self, _: Three, step: &Step<Roof>) -> Result<Roof, String> {
        Ok(step.to(Four))
    }

    async fn finish(&self, _: Four, _: &Step<Finish>) -> Result<Finish, String> {
        Err("no money is left".into())
    }

    takes! {
        take_one(Lay): One;
        take_two(Build): Two;
        take_four(Roof): Four;
    }
}

/// A store that tells the world what it has recorded, when it has.
pub(crate) struct Told {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) world: World,
}

impl Store for Told {
    fn commit(&self, commit: Commit) -> StoreFuture<'_, Hold> {
        Box::pin(async move {
            let before = self.store.get(&commit.run).await?;
            let hold = self.store.commit(commit.clone()).await?;
            let (of, is_undone) = match commit.event {
                Event::Undone { of, .. } => (of, true),
                Event::NotUndone { of, .. } => (of, false),
                _ => return Ok(hold),
            };
            // A repetition changes nothing.
            if before.is_some_and(|before| before.row.sequence == commit.sequence) {
                let mut inner = self.world.0.lock().unwrap();
                inner.seen.push(Seen::Recorded { of, is_undone });
            }
            Ok(hold)
        })
    }

    fn stop(&self, run: &RunId, stop: Stop, request: Request) -> StoreFuture<'_, ()> {
        self.store.stop(run, stop, request)
    }

    passed_on!();
}

/// Where runs are kept from one process to the next.
pub(crate) enum Place {
    Memory(Arc<MemoryStore>),
    File(tempfile::TempDir),
}

impl Place {
    pub(crate) fn both() -> [Place; 2] {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        [Place::Memory(Arc::default()), Place::File(folder)]
    }

    /// Opens it. Whoever had it before has to be gone.
    pub(crate) fn open(&self) -> Arc<dyn Store> {
        let folder = match self {
            Place::Memory(store) => return Arc::clone(store) as _,
            Place::File(folder) => folder,
        };
        let began = std::time::Instant::now();
        loop {
            match RedbStore::open(folder.path().join("towers.redb")) {
                // A runner of another test looks at all of its process, for a moment.
                Err(OpenError::InUse { .. }) if began.elapsed() < Duration::from_secs(30) => {
                    std::thread::yield_now();
                }
                opened => return Arc::new(opened.unwrap()),
            }
        }
    }
}

/// The work of one machine until it is lost, with everything in it.
pub(crate) fn machine<T>(work: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build();
    runtime.unwrap().block_on(work)
}

pub(crate) async fn launch(store: impl Store, world: &World) -> Runner<Tower> {
    let runner = Runner::<Tower>::builder(world.clone()).clock(Clock::tokio());
    // A crash on purpose is no fault of the run.
    let runner = runner.max_crashes(100).store(store).launch().await;
    runner.expect("the store answers")
}

/// Builds a tower that falls, of which these floors cannot be taken down.
pub(crate) fn fall(place: &Place, world: &World, fails: &[&'static str]) {
    world.fail(fails);
    machine(async {
        let runner = launch(place.open(), world).await;
        let run = runner.start("t", (), Empty).await.unwrap();
        let Err(EndError::Failed(_)) = run.end().await else {
            panic!("nobody can finish it")
        };
    });
}

/// The undos that one rollback after the other has tried, by number, with whether each succeeded.
pub(crate) fn rounds(history: &[HistoryRow]) -> Vec<Vec<(u64, bool)>> {
    let mut rounds = vec![Vec::new()];
    for row in history {
        let round = rounds.last_mut().unwrap();
        match row.event {
            Event::Undone { of, .. } => round.push((of, true)),
            Event::NotUndone { of, .. } => round.push((of, false)),
            Event::RollbackRetried => rounds.push(Vec::new()),
            _ => {}
        }
    }
    rounds
}

/// The transition that each of [`TAKES`] undoes, by its number in the history.
pub(crate) fn number(floor: &str) -> u64 {
    match floor {
        "take_one" => 1,
        "take_two" => 2,
        "take_four" => 4,
        other => panic!("{other} undoes nothing"),
    }
}
