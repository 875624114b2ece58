//! Files of a `RedbStore` that were damaged: nothing that is done with one panics, and what is not as it was is said.
//!
//! A store with runs of every kind is written once. Then a copy of its bytes is damaged and opened, and all that it
//! answers is compared with what the undamaged one answers: each answer is the same, or an error, or the run is listed
//! as one that cannot be read. What can be read goes on.

#[allow(dead_code, reason = "each test uses its part")]
#[path = "../durable/support/disk.rs"]
mod disk;
mod harm;
mod judge;
mod model;
#[path = "../shared/rounds.rs"]
mod rounds;
#[allow(dead_code, reason = "each test uses its part")]
#[path = "../durable/support/walk.rs"]
mod walk;

use std::env;
use std::panic::{PanicHookInfo, set_hook, take_hook};
use std::process::{Command, Output};
use std::sync::Once;

use fastrand::Rng;
use harm::Harm;
use judge::{Tally, Verdict, judge};
use model::Model;
use rounds::rounds;
use stateway::store::{Created, Heartbeat, Status, Store as _};
use stateway::{RedbStore, StoreError};

/// Panics of redb over a damaged page are of no interest here.
fn hush() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let hook = take_hook();
        set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
            let place = info.location().map_or("", |place| place.file());
            if !place.contains("redb-") && !place.starts_with("/rustc/") {
                hook(info);
            }
        }));
    });
}

/// Damages the file in one way again and again. Damage that nobody notices who uses the store is at least noticed by who
/// asks; `may_hide` says for which answers there may be such damage.
///
/// Damage in the tables that redb keeps for itself may end the process: it panics in a destructor as it panics. So the
/// rounds are those of the `test` in a process of its own, which goes on behind a round that ended it. That may come
/// in one of a hundred rounds.
fn judge_all(test: &str, harm: Harm, few: u32, may_hide: fn(&str) -> bool) {
    hush();
    let rounds = u64::from(rounds(few));
    if let Ok(from) = env::var(FROM) {
        return judge_from(harm, from.parse().unwrap(), rounds, may_hide);
    }
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let tells = folder.path().join("round");
    let (mut from, mut ends) = (0, 0);
    loop {
        let mut child = Command::new(env::current_exe().unwrap());
        child.args(["--exact", test, "--nocapture"]);
        let child = child.env(FROM, from.to_string()).env(TELLS, &tells);
        let Output {
            status,
            stdout,
            stderr,
        } = child.output().unwrap();
        if status.success() {
            print!("{}", String::from_utf8_lossy(&stdout));
            break;
        }
        let said = String::from_utf8_lossy(&stderr);
        assert!(said.contains("caused non-unwinding panic"), "{said}");
        ends += 1;
        let round: u64 = std::fs::read_to_string(&tells).unwrap().parse().unwrap();
        from = round + 1;
    }
    assert!(
        ends <= rounds.div_ceil(100),
        "{ends} of {rounds} ended the process"
    );
}

/// In the environment of a child: the round that it begins with, and the file in which it says which one it is at.
const FROM: &str = "STATEWAY_DAMAGE_FROM";
const TELLS: &str = "STATEWAY_DAMAGE_TELLS";

fn judge_from(harm: Harm, from: u64, rounds: u64, may_hide: fn(&str) -> bool) {
    let tells = env::var(TELLS).unwrap();
    let mut tally = Tally::default();
    let mut model: Option<(bool, Model)> = None;
    for round in from..rounds {
        std::fs::write(&tells, round.to_string()).unwrap();
        let is_closed = round < rounds / 2;
        if model.as_ref().is_none_or(|(it, _)| *it != is_closed) {
            model = Some((is_closed, Model::write(is_closed)));
        }
        let (_, model) = model.as_ref().unwrap();
        let mut draw = Rng::with_seed(round);
        let mut bytes = model.bytes.clone();
        let what = harm.harm(&mut bytes, &mut draw);
        let verdict = judge(model, bytes.clone());
        tally.add(&verdict);
        let case = format!("{harm:?} {round}, closed {is_closed}, {what}: {verdict:?}");
        let is_hidden = match &verdict {
            Verdict::Silent(why) => {
                assert!(may_hide(why), "{case}");
                true
            }
            _ => false,
        };
        if is_hidden || matches!(verdict, Verdict::Partly) {
            assert!(!is_intact(&bytes), "not found: {case}");
            let options = RedbStore::options().verify(true);
            let refused = options.open_backend(model::disk(bytes));
            assert!(refused.is_err(), "opened: {case}");
        }
    }
    println!("{harm:?}: {tally:?}");
}

/// The ids of messages have no records that could be compared with them, so one that is damaged is forgotten.
fn is_message_taken_again(answer: &str) -> bool {
    answer.ends_with(": Kept")
}

/// Returns true if somebody who looks over the file finds nothing.
fn is_intact(bytes: &[u8]) -> bool {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = folder.path().join("runs.redb");
    std::fs::write(&path, bytes).unwrap();
    let is_intact = RedbStore::check_integrity(&path).is_ok_and(|report| report.is_intact());
    assert!(std::fs::read(&path).unwrap() == bytes, "it was changed");
    is_intact
}

#[test]
fn an_undamaged_file_is_whole() {
    for is_closed in [true, false] {
        let model = Model::write(is_closed);
        let verdict = judge(&model, model.bytes.clone());
        assert!(matches!(verdict, Verdict::Whole), "{verdict:?}");
        assert!(is_intact(&model.bytes), "closed: {is_closed}");
    }
}

#[test]
fn a_zeroed_page_changes_nothing_silently() {
    judge_all(
        "a_zeroed_page_changes_nothing_silently",
        Harm::Zeroed,
        60,
        |_| false,
    );
}

#[test]
fn a_flipped_bit_changes_nothing_silently() {
    judge_all(
        "a_flipped_bit_changes_nothing_silently",
        Harm::Flipped,
        100,
        is_message_taken_again,
    );
}

#[test]
fn a_damaged_way_to_a_record_changes_nothing_silently() {
    judge_all(
        "a_damaged_way_to_a_record_changes_nothing_silently",
        Harm::Astray,
        80,
        |_| false,
    );
}

#[test]
fn a_damaged_id_of_a_message_is_found_by_who_looks_for_it() {
    judge_all(
        "a_damaged_id_of_a_message_is_found_by_who_looks_for_it",
        Harm::Forgotten,
        30,
        is_message_taken_again,
    );
}

/// Puts the last row of all histories under another number, if its page has the row before it as well.
fn renumber_the_last_row(mut model: Model) -> Option<Model> {
    let rows = model.histories.values().map(|rows| rows.len() as u64);
    let last = rows.sum::<u64>();
    let numbers = [(last - 1).to_le_bytes(), last.to_le_bytes()].concat();
    let mut changed = false;
    for page in model.bytes.chunks_mut(4096) {
        let found = page.windows(16).position(|it| it == numbers);
        if let Some(at) = found {
            page[at + 8..at + 16].copy_from_slice(&9_u64.to_le_bytes());
            changed = true;
        }
    }
    changed.then_some(model)
}

#[test]
fn the_last_row_under_another_number_is_no_reason_to_overwrite_others() {
    hush();
    let renumbered = (70..90).find_map(|runs| renumber_the_last_row(Model::of(runs, true)));
    let model = renumbered.expect("the last row is seldom alone in its page");
    let store = RedbStore::options()
        .open_backend(model::disk(model.bytes))
        .unwrap();
    model::wait(async {
        for number in 0..20 {
            let run = format!("zun-{number}");
            store.create(model::new(&run)).await.unwrap();
        }
        let mut overwritten = 0;
        for (id, rows) in &model.histories {
            match store.history(&id.parse().unwrap(), 0, 1_000).await {
                Ok(found) => assert_eq!(&found, rows),
                Err(error) if error.to_string().contains("it belongs to run `zun") => {
                    overwritten += 1;
                }
                // redb splits the page by the order of its keys, and does not find what it takes for elsewhere.
                Err(error) => assert!(error.to_string().contains("it is not there"), "{error}"),
            }
        }
        assert_eq!(overwritten, 1, "the one whose row was not found");
    });
}

#[test]
fn a_file_that_was_cut_off_changes_nothing_silently() {
    judge_all(
        "a_file_that_was_cut_off_changes_nothing_silently",
        Harm::Cut,
        60,
        |_| false,
    );
}

#[test]
fn garbage_changes_nothing_silently() {
    judge_all(
        "garbage_changes_nothing_silently",
        Harm::Garbage,
        60,
        is_message_taken_again,
    );
}

#[test]
fn a_page_in_the_place_of_another_is_found_by_who_looks_for_it() {
    judge_all(
        "a_page_in_the_place_of_another_is_found_by_who_looks_for_it",
        Harm::Misplaced,
        40,
        |_| true,
    );
}

/// Returns true if a page has the record of a run: only records name the workflow.
fn has_record(page: &[u8], run: &str) -> bool {
    let has = |text: &str| page.windows(text.len()).any(|it| it == text.as_bytes());
    has(run) && has("Walk")
}

#[test]
fn who_needs_a_damaged_page_is_refused_alone() {
    hush();
    let disk = model::disk(Vec::new());
    let store = RedbStore::options().open_backend(disk.clone()).unwrap();
    model::wait(async {
        for number in 10..99 {
            let created = store.create(model::new(&format!("run-{number}"))).await;
            let Created::New(row) = created.unwrap() else {
                panic!("it is new")
            };
            let mut end = model::step(&row, 1);
            end.status = Status::Done;
            store.commit(end).await.unwrap();
        }
    });
    drop(store);
    // Every page that has the first of them: its record is in one that is in use, and in some that are not.
    let mut bytes = disk.bytes();
    for page in bytes.chunks_mut(4096) {
        if has_record(page, "run-10") {
            page.fill(0);
        }
    }
    let disk = model::disk(bytes);
    let store = RedbStore::options().open_backend(disk.clone()).unwrap();
    disk.hold_up();
    let asked: Vec<_> = (0..40)
        .map(|number| match number {
            // The first is a batch of its own, the others are one.
            20 | 30 => model::new("run-10"),
            _ => model::new(&format!("zun-{number}")),
        })
        .collect();
    let all = asked.iter().map(|run| store.create(run.clone()));
    let all = futures(all);
    model::wait(async {
        let (created, ()) = tokio::join!(tokio::task::unconstrained(all), async {
            disk.let_through();
        });
        let mut claims = Vec::new();
        for (run, created) in asked.iter().zip(created) {
            match created {
                Ok(Created::New(row)) => {
                    assert_eq!(row.id, run.id);
                    claims.push((row.id, row.epoch));
                }
                Err(StoreError::Broken { run: named, reason }) => {
                    assert_eq!((&*named.text(), named == run.id), ("run-10", true));
                    assert!(reason.contains("a page of the file is damaged"), "{reason}");
                }
                other => panic!("{run:?}: {other:?}"),
            }
        }
        // A run that was claimed as it was started is still claimed, and the index is that of the file.
        let claim = || store.claim(model::claim());
        assert!(claim().await.unwrap().taken.is_empty());
        let lapse = Heartbeat {
            claims,
            lease: std::time::Duration::ZERO,
        };
        assert!(store.heartbeat(lapse).await.unwrap().is_empty());
        assert_eq!(claim().await.unwrap().taken.len(), 38);
    });
    drop(store);
    let store = RedbStore::options().open_backend(disk).unwrap();
    model::wait(async {
        for number in (0..40).filter(|number| !matches!(number, 20 | 30)) {
            let run = format!("zun-{number}");
            assert!(
                store
                    .get(&run.as_str().parse().unwrap())
                    .await
                    .unwrap()
                    .is_some()
            );
        }
    });
}

/// Polls all of them in turn, on this task.
async fn futures<F: Future>(all: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut all: Vec<_> = all.map(Box::pin).collect();
    let mut outputs: Vec<_> = all.iter().map(|_| None).collect();
    std::future::poll_fn(|cx| {
        for (future, output) in all.iter_mut().zip(&mut outputs) {
            if output.is_none()
                && let std::task::Poll::Ready(value) = future.as_mut().poll(cx)
            {
                *output = Some(value);
            }
        }
        if outputs.iter().all(Option::is_some) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    outputs.into_iter().flatten().collect()
}
