//! The power goes, at every flush and at many writes: what was acknowledged is there when it is back.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use stateway::store::{
    Claim, Commit, Created, EffectNote, Event, Holder, Lease, NewRun, Note, NoteRow, Progress,
    RunRow, Source, Status, Store as _, Suspects, WorkflowVersions,
};
use stateway::{Durability, EndError, OpenError, RedbStore, Runner};

use crate::support::disk::{Disk, Moment};
use crate::support::journey::*;

const RUNS: usize = 5;
const COMMITS: u64 = 6;

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_800_000_000 + seconds)
}

fn open(disk: &Disk, durability: Durability) -> Result<RedbStore, OpenError> {
    RedbStore::options()
        .durability(durability)
        .cache_size(1 << 20)
        .open_backend(disk.clone())
}

/// A disk with a store that has no runs.
fn disk(moment: Moment) -> Disk {
    let new = Disk::with(Vec::new(), Moment::Never);
    drop(open(&new, Durability::Flushed).unwrap());
    Disk::with(new.bytes(), moment)
}

/// The requests to the store, and the acknowledged ones among them.
#[derive(Debug, Clone, Default)]
struct Asked {
    runs: [AskedOf; RUNS],
    /// The commits that were acknowledged, in order: of which run, and the number.
    acknowledged: Vec<(usize, u64)>,
}

/// The same about one run.
#[derive(Debug, Clone, Default)]
struct AskedOf {
    created: Acknowledged,
    commits: u64,
    acknowledged: u64,
    /// The number of acknowledged commits of any run when each of its own was requested.
    after: Vec<usize>,
    /// The commit after which a note was acknowledged last.
    noted: Option<u64>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
enum Acknowledged {
    #[default]
    No,
    Asked,
    Yes,
}

type Model = Arc<Mutex<Asked>>;

fn id(run: usize) -> String {
    format!("run-{run}")
}

fn transition(number: u64) -> Event {
    Event::Transition {
        transition: "go".into(),
        internal: false,
        visit: number,
        attempts: 1,
        state: format!("S{number}").into(),
        // Of several sectors, and of every size.
        payload: vec![u8::try_from(number).unwrap(); 100 << number],
        undo: None,
        version: 1,
        message: None,
        answer: None,
    }
}

/// The effects of every other commit: two, the first of which has the state.
fn effects(number: u64) -> Vec<Event> {
    let effect = |source| Event::Effect {
        transition: "go".into(),
        visit: number,
        branch: Some("air".to_owned()),
        output: vec![u8::try_from(number).unwrap(); 50 << number],
        state: format!("S{}", number - 1).into(),
        source,
        undo: "cancel".into(),
    };
    if number.is_multiple_of(2) {
        vec![
            effect(Source::Here(vec![1; 700])),
            effect(Source::Before(1)),
        ]
    } else {
        Vec::new()
    }
}

fn commit(row: &RunRow) -> Commit {
    let number = row.sequence + 1;
    let status = if number == COMMITS {
        Status::Done
    } else {
        Status::Running
    };
    Commit {
        effects: effects(number),
        ..Commit::new(row, transition(number), status, at(number))
    }
}

fn lease() -> Lease {
    Lease {
        holder: Holder::unique(),
        duration: Duration::from_hours(1),
    }
}

/// Takes a run as far as the power lasts.
async fn walk(store: &RedbStore, run: usize, model: &Model) {
    let tell = |change: &dyn Fn(&mut AskedOf)| change(&mut model.lock().unwrap().runs[run]);
    let new = NewRun {
        incarnation: 1,
        input: vec![1; 300],
        lease: Some(lease()),
        ..NewRun::new(id(run).parse().unwrap(), "Walk", 1, "S0", at(0))
    };
    tell(&|asked| asked.created = Acknowledged::Asked);
    let Ok(Created::New(mut row)) = store.create(new).await else {
        return;
    };
    tell(&|asked| asked.created = Acknowledged::Yes);
    for number in 1..=COMMITS {
        let note = Note {
            run: row.id.clone(),
            epoch: row.epoch,
            sequence: row.sequence,
            note: NoteRow {
                key: "whole".into(),
                progress: Progress::Output {
                    output: vec![7; 200],
                    effect: Some(EffectNote {
                        undo: "cancel".into(),
                        number: 0,
                    }),
                },
            },
            is_boundary: false,
        };
        if store.note(note).await.is_err() {
            return;
        }
        tell(&|asked| asked.noted = Some(number - 1));
        let commit = commit(&row);
        {
            let mut model = model.lock().unwrap();
            let after = model.acknowledged.len();
            model.runs[run].commits = number;
            model.runs[run].after.push(after);
        }
        if store.commit(commit.clone()).await.is_err() {
            return;
        }
        tell(&|asked| asked.acknowledged = number);
        model.lock().unwrap().acknowledged.push((run, number));
        let _ = row.apply(&commit, 0);
    }
}

/// Writes until the power goes. Gives what was asked, and what was acknowledged.
async fn work(disk: &Disk, durability: Durability) -> Option<Asked> {
    let model = Model::default();
    let Ok(store) = open(disk, durability) else {
        return None;
    };
    let mut walks = tokio::task::JoinSet::new();
    for run in 0..RUNS {
        let (store, model) = (store.clone(), Arc::clone(&model));
        walks.spawn(async move { walk(&store, run, &model).await });
    }
    walks.join_all().await;
    let asked = model.lock().unwrap().clone();
    // If the power has lasted till now, it goes without a warning.
    disk.lose();
    Some(asked)
}

/// That what is left has everything acknowledged, and nothing else than what was asked.
async fn check(left: &Disk, asked: &Asked, durability: Durability, when: &str) {
    let store = open(left, durability).unwrap_or_else(|error| panic!("{when}: {error:?}"));
    let is_safe = durability == Durability::Flushed;
    let claim = Claim {
        workflows: [WorkflowVersions::one("Walk", 1)].into(),
        now: at(2_000),
        lease: lease(),
        limit: 100,
        suspects: Suspects::none(5),
    };
    let claimed = store.claim(claim).await.unwrap().taken;
    let mut there = Vec::new();
    for run in 0..RUNS {
        let found = store.get(&id(run).parse().unwrap()).await.unwrap();
        there.push(found.map_or(0, |found| found.row.sequence));
    }
    let before = (0..RUNS).filter(|run| there[*run] > 0);
    let before = before.map(|run| asked.runs[run].after[usize::try_from(there[run]).unwrap() - 1]);
    for (run, number) in &asked.acknowledged[..before.max().unwrap_or(0)] {
        assert!(
            there[*run] >= *number,
            "{when}: a later commit is there, and not number {number} of run {run}: {there:?}"
        );
    }
    for (run, asked) in asked.runs.iter().enumerate() {
        let when = format!("{when}, run {run}: {asked:?}");
        let run = id(run).parse().unwrap();
        let Some(found) = store.get(&run).await.unwrap() else {
            assert!(
                !is_safe || asked.created != Acknowledged::Yes,
                "{when}: it is lost"
            );
            continue;
        };
        assert_ne!(asked.created, Acknowledged::No, "{when}");
        let sequence = found.row.sequence;
        assert!(
            sequence <= asked.commits && (sequence >= asked.acknowledged || !is_safe),
            "{when}: {sequence} commits are there"
        );
        assert_eq!(found.input, vec![1; 300]);
        let history = store.history(&run, 0, 100).await.unwrap();
        let moves = 1..=sequence;
        let expected = moves.flat_map(|it| effects(it).into_iter().chain([transition(it)]));
        let events = history[1..].iter().map(|row| &row.event).cloned();
        assert!(events.eq(expected), "{when}: {history:?}");
        let undos = 2 * (sequence / 2);
        let left = store.undoable(&run, 100).await.unwrap();
        assert_eq!(
            (found.row.undos, left.len() as u64),
            (undos, undos),
            "{when}"
        );
        if sequence == COMMITS {
            assert_eq!(found.row.status, Status::Done);
            continue;
        }
        let claimed = claimed.iter().find(|claimed| claimed.row.id == run);
        let claimed = claimed.unwrap_or_else(|| panic!("{when}: it can be claimed"));
        assert_eq!(claimed.row.crashes, 1, "{when}");
        if is_safe && asked.noted == Some(sequence) {
            assert_eq!(claimed.notes.len(), 1, "{when}: a note is lost");
        }
        // And it goes on.
        let mut row = claimed.row.clone();
        while row.sequence < COMMITS {
            let commit = commit(&row);
            store.commit(commit.clone()).await.unwrap();
            let _ = row.apply(&commit, 0);
        }
    }
}

/// Loses the power at this moment, three times with different luck, and again while the file is repaired.
async fn lose(moment: Moment, durability: Durability) -> bool {
    let disk = disk(moment);
    let asked = work(&disk, durability).await;
    for luck in 0..3 {
        let when = format!("{moment:?}, luck {luck}");
        let asked = asked.clone().unwrap_or_default();
        // Again, at the first flush of what opens it.
        let twice = disk.left(luck, Moment::Before(1 + luck));
        drop(open(&twice, durability));
        twice.lose();
        check(&twice.left(luck, Moment::Never), &asked, durability, &when).await;
        check(&disk.left(luck, Moment::Never), &asked, durability, &when).await;
    }
    disk.flushes() >= moment.number() || disk.writes() >= moment.number()
}

impl Moment {
    fn number(self) -> u64 {
        match self {
            Moment::Before(n) | Moment::After(n) | Moment::Write(n) => n,
            Moment::Never => u64::MAX,
        }
    }
}

#[tokio::test]
async fn what_was_acknowledged_is_there_when_the_power_goes_at_a_flush() {
    let whole = disk(Moment::Never);
    work(&whole, Durability::Flushed).await.unwrap();
    let flushes = whole.flushes();
    assert!(flushes > 10, "there are {flushes} flushes");
    for n in 1..=flushes {
        lose(Moment::Before(n), Durability::Flushed).await;
        lose(Moment::After(n), Durability::Flushed).await;
    }
}

#[tokio::test]
async fn what_was_acknowledged_is_there_when_the_power_goes_at_a_write() {
    let whole = disk(Moment::Never);
    work(&whole, Durability::Flushed).await.unwrap();
    let writes = whole.writes();
    assert!(writes > 50, "there are {writes} writes");
    for n in (1..=writes).step_by(7) {
        lose(Moment::Write(n), Durability::Flushed).await;
    }
}

#[tokio::test]
async fn what_may_lose_the_latest_loses_only_that() {
    let durability = Durability::MayLoseLatest {
        within: Duration::from_micros(100),
    };
    let whole = disk(Moment::Never);
    work(&whole, durability).await.unwrap();
    for n in (1..=whole.writes()).step_by(3) {
        lose(Moment::Write(n), durability).await;
    }
}

/// Takes a journey as far as the power lasts.
async fn travel(disk: &Disk, world: &World, plan: &Plan) -> Option<Result<JourneyEnd, EndError>> {
    let told = Told {
        store: open(disk, Durability::Flushed).ok()?,
        world: world.clone(),
    };
    let runner = Runner::<Journey>::builder(world.clone()).store(told);
    let runner = runner.max_crashes(100).launch().await.ok()?;
    let input = JourneyInput { plan: plan.clone() };
    let run = runner.start("j", input, Planned).await.ok()?;
    let ended = run.end().await;
    (!disk.is_lost()).then_some(ended)
}

/// At every flush, and once more on the way to recovery.
async fn travel_in_spite(plan: &Plan, ends: impl Fn(&Result<JourneyEnd, EndError>) -> bool) {
    for n in 1.. {
        let world = World::default();
        let first = disk(if n % 2 == 0 {
            Moment::Before(n / 2)
        } else {
            Moment::After(n / 2 + 1)
        });
        let _ = travel(&first, &world, plan).await;
        let lasted = !first.is_lost();
        let second = first.left(n, Moment::Before(n));
        let _ = travel(&second, &world, plan).await;
        let third = second.left(n, Moment::Never);
        let ended = travel(&third, &world, plan).await.expect("nothing is lost");
        assert!(ends(&ended), "{n}: {ended:?}");
        third.lose();
        let store = open(&third.left(0, Moment::Never), Durability::Flushed).unwrap();
        let row = store.get(&"j".parse().unwrap()).await.unwrap().unwrap().row;
        let history = store.history(&row.id, 0, 1_000).await.unwrap();
        check_promise(&world, &row, &history);
        if lasted {
            // There are two moments for each flush.
            assert!(n > 20, "it has more flushes than {n}");
            break;
        }
    }
}

fn arrives() -> Plan {
    Plan {
        legs: 2,
        bags: 3,
        ..Plan::default()
    }
}

fn fails() -> Plan {
    Plan {
        fails: vec!["arrive".into()],
        ..arrives()
    }
}

fn has_arrived(ended: &Result<JourneyEnd, EndError>) -> bool {
    matches!(ended, Ok(JourneyEnd::Arrived(_)))
}

fn was_undone(ended: &Result<JourneyEnd, EndError>) -> bool {
    matches!(ended, Err(EndError::Failed(failure)) if failure.rollback.failed.is_empty())
}

#[tokio::test]
async fn a_run_arrives_however_often_the_power_goes() {
    travel_in_spite(&arrives(), has_arrived).await;
}

#[tokio::test]
async fn a_run_is_undone_however_often_the_power_goes() {
    travel_in_spite(&fails(), was_undone).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_on_several_threads_arrives_however_often_the_power_goes() {
    travel_in_spite(&arrives(), has_arrived).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_on_several_threads_is_undone_however_often_the_power_goes() {
    travel_in_spite(&fails(), was_undone).await;
}
