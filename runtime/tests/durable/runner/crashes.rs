//! A crash at every operation of the store: the promise holds, whatever the machine was about to do.

use std::sync::Arc;

use stateway::store::{RunRow, Store as _};
use stateway::testing::{Crash, Crashes};
use stateway::{Clock, EndError, MemoryStore, Runner};

use crate::support::journey::*;

/// Takes a run from where it is to its end.
async fn run(
    crashes: &Crashes,
    world: &World,
    clock: &Clock,
    plan: &Plan,
) -> Result<JourneyEnd, EndError> {
    let runner = Runner::<Journey>::builder(world.clone())
        .store(crashes.clone())
        .clock(clock.clone())
        .max_crashes(100)
        .launch()
        .await
        .expect("the store is there");
    let input = JourneyInput { plan: plan.clone() };
    let run = loop {
        // A caller that gets no answer asks again.
        match runner.start("j", input.clone(), Planned).await {
            Ok(run) => break run,
            Err(error) => assert!(format!("{error:?}").contains("Unavailable"), "{error:?}"),
        }
    };
    run.end().await
}

/// Runs the plan with each crash at each operation, then with a second crash on the way to recovery.
async fn check(plan: Plan, ends: impl Fn(&Result<JourneyEnd, EndError>) -> bool) -> u64 {
    let clock = Clock::tokio();
    let mut operations = 0;
    for crash in Crash::ALL {
        for n in 1.. {
            let world = World::default();
            let told = Told {
                store: MemoryStore::new(),
                world: world.clone(),
            };
            let crashes = Crashes::new(told).at(n, crash);
            let first = tokio::select! {
                ended = run(&crashes, &world, &clock, &plan) => Some(ended),
                () = crashes.crashed() => None,
            };
            let again = crashes.at(n, crash);
            let second = if first.is_some() {
                first
            } else {
                tokio::select! {
                    ended = run(&again, &world, &clock, &plan) => Some(ended),
                    () = again.crashed() => None,
                }
            };
            let whole = crashes.restarted();
            let ended = match second {
                Some(ended) => ended,
                None => run(&whole, &world, &clock, &plan).await,
            };
            assert!(ends(&ended), "{crash:?} at {n}: {ended:?}");
            let row: RunRow = whole.get(&"j".parse().unwrap()).await.unwrap().unwrap().row;
            let history = whole.history(&row.id, 0, 1_000).await.unwrap();
            check_promise(&world, &row, &history);
            if crashes.operations() < n {
                operations += n - 1;
                break;
            }
        }
    }
    operations
}

fn plan() -> Plan {
    Plan {
        legs: 2,
        bags: 4,
        ..Plan::default()
    }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_run_arrives_whatever_crashes() {
    let operations = check(plan(), |ended| matches!(ended, Ok(JourneyEnd::Arrived(_)))).await;
    assert!(
        operations > 60,
        "it is taken through every operation, and not {operations}"
    );
}

#[tokio::test(start_paused = true)]
async fn attempts_survive_whatever_crashes() {
    let plan = Plan {
        stumbles: names(&["insure", "hotel", "pay"]),
        ..plan()
    };
    check(plan, |ended| matches!(ended, Ok(JourneyEnd::Arrived(_)))).await;
}

#[tokio::test(start_paused = true)]
async fn a_run_that_fails_is_undone_whatever_crashes() {
    let plan = Plan {
        fails: names(&["arrive"]),
        stumbles: names(&["refund"]),
        ..plan()
    };
    check(plan, |ended| {
        matches!(ended, Err(EndError::Failed(failure)) if failure.rollback.failed.is_empty()
        && failure.rollback.undone.len() == 7)
    })
    .await;
}

/// Cano's fault D7: after a crash in the middle of its rollback, the run went forward, and shipped what was refunded.
#[tokio::test(start_paused = true)]
async fn a_run_that_is_rolled_back_never_goes_forward_whatever_crashes() {
    let plan = Plan {
        fails_once: names(&["arrive"]),
        ..plan()
    };
    // If it dies before the failure is recorded, `arrive` is called again, and succeeds.
    check(plan, |ended| match ended {
        Ok(end) => matches!(end, JourneyEnd::Arrived(_)),
        Err(EndError::Failed(failure)) => failure.rollback.undone.len() == 7,
        Err(_) => false,
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_failed_state_is_undone_whatever_crashes() {
    let plan = Plan {
        fails: names(&["refuse"]),
        ..plan()
    };
    check(plan, |ended| matches!(ended, Ok(JourneyEnd::Refused(_)))).await;
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_undone_is_reported_whatever_crashes() {
    let plan = Plan {
        fails: names(&["arrive", "uninsure"]),
        ..plan()
    };
    check(plan, |ended| {
        matches!(ended, Err(EndError::Failed(failure)) if failure.rollback.failed.len() == 1
        && failure.rollback.failed[0].cause == "uninsure failed" && failure.rollback.undone.len() == 6)
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_split_that_fails_is_undone_whatever_crashes() {
    let plan = Plan {
        fails: names(&["car", "boat"]),
        ..plan()
    };
    check(
        plan,
        |ended| matches!(ended, Err(EndError::Failed(failure)) if failure.rollback.failed.is_empty()),
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn finished_branches_do_not_run_again() {
    let world = World::default();
    let clock = Clock::tokio();
    let told = Told {
        store: MemoryStore::new(),
        world: world.clone(),
    };
    let first = Crashes::new(told);
    let plan = Plan { bags: 8, ..plan() };
    // Bags are checked two at a time: the machine is lost when five have ended.
    let lost = Arc::new(tokio::sync::Notify::new());
    let watch = async {
        while world.effects("bag") < 6 {
            tokio::time::sleep(std::time::Duration::from_micros(100)).await;
        }
        lost.notify_one();
    };
    tokio::select! {
        _ = run(&first, &world, &clock, &plan) => panic!("it is lost on the way"),
        () = async { watch.await; lost.notified().await } => {}
    }
    let before: Vec<_> = bags(&world);
    let ended = run(&first.restarted(), &world, &clock, &plan).await;
    assert!(matches!(ended, Ok(JourneyEnd::Arrived(_))));
    let after = bags(&world);
    let twice: Vec<_> = after
        .iter()
        .filter(|key| after.iter().filter(|it| it == key).count() > 1)
        .collect();
    assert!(
        before.len() >= 6 && twice.len() <= 4,
        "at most the two under way ran again: {twice:?}"
    );
    assert_eq!(world.effects("bag"), 8);
}

fn bags(world: &World) -> Vec<String> {
    let log = world.log().into_iter();
    let bags = log.filter_map(|seen| match seen {
        Seen::Called(name, key) if name == "bag" => Some(key),
        _ => None,
    });
    bags.collect()
}
