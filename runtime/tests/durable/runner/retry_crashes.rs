//! Rollbacks that are retried, over everything that an undo and a machine can do meanwhile: what was undone is never
//! undone again, and what is left is undone in reverse, with the keys that it had before.

use std::collections::{BTreeMap, BTreeSet};

use stateway::prelude::*;
use stateway::runner::Run;
use stateway::store::{Event, FailureKind, Status, Store};
use stateway::testing::{Crash, Crashes};
use stateway::{RetryRollbackError, StoreError};

use crate::support::tower::*;

/// The subsets of what can fail.
fn subsets() -> impl Iterator<Item = Vec<&'static str>> {
    (0..8_usize).map(|bits| {
        let all = TAKES.iter().enumerate();
        let some = all.filter(|(at, _)| bits & (1 << at) != 0);
        some.map(|(_, floor)| *floor).collect()
    })
}

/// The calls that a rollback makes of what is left, if these fail.
fn calls(left: &[&'static str], fails: &[&'static str]) -> Vec<(&'static str, u32)> {
    let calls = left.iter().flat_map(|floor| {
        let is_repeated = *floor == "take_two" && fails.contains(floor);
        (1..=1 + u32::from(is_repeated)).map(move |attempt| (*floor, attempt))
    });
    calls.collect()
}

/// The calls that were seen. Each handler has the same key as ever.
fn called(seen: &[Seen], keys: &mut BTreeMap<&'static str, String>) -> Vec<(&'static str, u32)> {
    let calls = seen.iter().filter_map(|seen| match seen {
        Seen::Called(floor, key, attempt) => {
            assert_eq!(keys.entry(floor).or_insert_with(|| key.clone()), key);
            Some((*floor, *attempt))
        }
        Seen::Recorded { .. } => None,
    });
    calls.collect()
}

/// Every way in which three undos can fail in three rollbacks, against what is to be called then.
async fn check_all(place: &Place) {
    let world = World::default();
    let runner = launch(place.open(), &world).await;
    for first in subsets() {
        for second in subsets() {
            let id = format!("{first:?} {second:?}");
            let (mut left, mut keys) = (TAKES.to_vec(), BTreeMap::new());
            world.fail(&first);
            let run = runner.start(&*id, (), Empty).await.unwrap();
            for (round, fails) in [&first, &second, &vec!["take_two"], &vec![]]
                .into_iter()
                .enumerate()
            {
                world.fail(fails);
                if round > 0 {
                    let retried = runner.retry_rollback(&*id).await;
                    if left.is_empty() {
                        is_nothing_to_undo(&retried);
                        continue;
                    }
                    retried.unwrap();
                }
                let undone: Vec<_> = ended(&run, &left, fails).await;
                assert_eq!(
                    called(&world.seen(), &mut keys),
                    calls(&left, fails),
                    "{id}: {round}"
                );
                left.retain(|floor| fails.contains(floor));
                assert_eq!(undone.len() + left.len(), 3, "{id}: {round}");
            }
        }
    }
}

/// The undone transitions, when the run has ended.
async fn ended(run: &Run<Tower>, left: &[&str], fails: &[&str]) -> Vec<&'static str> {
    let Err(EndError::Failed(failure)) = run.end().await else {
        panic!("it failed")
    };
    let row = run.info().await.unwrap();
    assert_eq!(
        (row.status, &row.failure),
        (Status::Failed, &failure.failure)
    );
    let why = failure.failure.unwrap();
    assert_eq!(
        (why.kind, why.message.as_str()),
        (FailureKind::Handler, "no money is left")
    );
    let not_undone: Vec<_> = failure
        .rollback
        .failed
        .iter()
        .map(|it| it.entry.handler)
        .collect();
    let expected: Vec<_> = left.iter().filter(|floor| fails.contains(floor)).collect();
    assert!(not_undone.iter().eq(expected), "{not_undone:?}");
    assert_eq!(row.not_undone, not_undone.len() as u64);
    assert_eq!((row.undos, failure.rollback.skipped.len()), (0, 0));
    let undone: Vec<_> = failure
        .rollback
        .undone
        .iter()
        .map(|it| it.handler)
        .collect();
    assert!(
        undone
            .iter()
            .eq(TAKES.iter().filter(|it| undone.contains(*it))),
        "the last first"
    );
    undone
}

fn is_nothing_to_undo(retried: &Result<(), RetryRollbackError>) {
    assert!(
        matches!(
            retried,
            Err(RetryRollbackError::Store(StoreError::NothingToUndo { .. }))
        ),
        "{retried:?}"
    );
}

#[test]
fn what_failed_is_tried_again_and_nothing_else() {
    for place in Place::both() {
        machine(check_all(&place));
    }
}

/// Retries the rollback unless that was done, and waits for the end.
async fn retry(crashes: &Crashes, world: &World) {
    let runner = launch(crashes.clone(), world).await;
    let history = runner.history("t").await.unwrap();
    if !history
        .iter()
        .any(|row| row.event == Event::RollbackRetried)
    {
        loop {
            match runner.retry_rollback("t").await {
                // A caller that gets no answer asks again; it may have been heard.
                Err(RetryRollbackError::Store(StoreError::Unavailable { .. })) => {}
                Ok(()) | Err(RetryRollbackError::Store(StoreError::NotEnded { .. })) => break,
                Err(error) => panic!("{error:?}"),
            }
        }
    }
    let run = runner.get("t").await.unwrap().unwrap();
    assert!(matches!(run.end().await, Err(EndError::Failed(_))));
}

/// Retries a rollback of which the first and the last undo failed, with each crash at each operation, and once more on
/// the way to recovery. These fail again.
fn check_crashes(of: usize, fails: &[&'static str]) -> u64 {
    let mut operations = 0;
    for crash in Crash::ALL {
        for n in 1.. {
            let (place, world) = (Place::both().into_iter().nth(of).unwrap(), World::default());
            fall(&place, &world, &["take_one", "take_four"]);
            let mut keys = BTreeMap::new();
            called(&world.seen(), &mut keys);
            world.fail(fails);
            let mut reached = 0;
            for crash in [Some(crash), Some(crash), None] {
                reached = machine(async {
                    let store = Told {
                        store: place.open(),
                        world: world.clone(),
                    };
                    let crashes = Crashes::new(store);
                    let crashes = crash.map_or(crashes.clone(), |crash| crashes.at(n, crash));
                    tokio::select! {
                        () = retry(&crashes, &world) => {}
                        () = crashes.crashed() => {}
                    }
                    reached.max(crashes.operations())
                });
            }
            machine(check_promise(&*place.open(), &world, &keys, fails));
            if reached < n {
                operations += n - 1;
                break;
            }
        }
    }
    operations
}

async fn check_promise(
    store: &dyn Store,
    world: &World,
    keys: &BTreeMap<&'static str, String>,
    fails: &[&'static str],
) {
    let run = "t".parse().unwrap();
    let row = store.get(&run).await.unwrap().unwrap().row;
    let history = store.history(&run, 0, 1_000).await.unwrap();
    let numbers: Vec<_> = history.iter().map(|row| row.number).collect();
    assert!(numbers.into_iter().eq(0..=row.rows), "no row is missing");
    assert_eq!(
        (row.status, row.not_undone),
        (Status::Failed, fails.len() as u64)
    );
    let expected = |floor| (number(floor), !fails.contains(&floor));
    assert_eq!(
        rounds(&history),
        [
            vec![(4, false), (2, true), (1, false)],
            vec![expected("take_four"), expected("take_one")]
        ],
        "it was retried once, and each undo was recorded once"
    );
    let mut recorded = BTreeSet::new();
    for seen in world.seen() {
        match seen {
            Seen::Called(floor, key, _) => {
                assert_ne!(floor, "take_two", "it was undone before");
                assert_eq!(key, keys[floor]);
                let is_recorded = recorded.contains(&number(floor));
                assert!(!is_recorded, "`{floor}` ran after it was recorded");
                let is_first = recorded.contains(&number("take_four"));
                assert!(floor == "take_four" || is_first, "the last first");
            }
            Seen::Recorded { of, .. } => assert!(recorded.insert(of), "{of} was recorded twice"),
        }
    }
    assert_eq!(recorded.len(), 2);
}

#[test]
fn a_retried_rollback_undoes_all_whatever_crashes() {
    let operations = check_crashes(0, &[]);
    assert!(operations > 15, "of every operation, and not {operations}");
}

#[test]
fn a_retried_rollback_that_fails_again_says_so_whatever_crashes() {
    check_crashes(0, &["take_four"]);
    check_crashes(0, &["take_one"]);
}

#[test]
fn a_retried_rollback_survives_each_crash_in_a_file() {
    check_crashes(1, &["take_one"]);
}
