//! The process that is killed.

use std::path::{Path, PathBuf};
use std::time::Duration;

use stateway::prelude::*;
use stateway::{RedbStore, StoreError};
use tokio::task::JoinSet;

use crate::effects::{Effects, What};
use crate::trip::{Agency, Asked, Trip, TripInput};

pub(crate) fn path(folder: &Path) -> PathBuf {
    folder.join("trips.redb")
}

pub(crate) fn name(number: u64) -> String {
    format!("trip-{number}")
}

/// Some are cancelled on their way.
pub(crate) fn is_cancelled(number: u64) -> bool {
    number % 17 == 1
}

/// Starts all runs, those that have been started before as well, and waits until they have ended, and are undone
/// if they failed.
#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
pub(crate) async fn work(folder: &Path, runs: u64, seed: u64) {
    fastrand::seed(seed);
    let effects = Effects::append_to(folder);
    let acknowledged = Effects::append_to(folder);
    let store = RedbStore::open(path(folder)).expect("nobody else has the file");
    let runner = Runner::<Trip>::builder(Agency(effects))
        .store(store)
        .max_in_flight(10)
        .wait_in_store_from(Duration::from_millis(20))
        // It is killed so often that one run may be unlucky ten times.
        .max_crashes(1_000)
        .launch()
        .await
        .expect("the store answers");
    let mut ends = JoinSet::new();
    for number in 0..runs {
        let input = TripInput { number };
        let run = runner
            .start(name(number), input, Asked { token: number })
            .await;
        let run = run.expect("it starts, or is there");
        acknowledged.log(What::Started, &name(number), "start", 0, 0);
        let operator = runner.clone();
        ends.spawn(async move {
            if is_cancelled(number) {
                tokio::time::sleep(Duration::from_millis(fastrand::u64(0..200))).await;
                match operator.cancel(name(number)).await {
                    Ok(()) | Err(StoreError::Ended { .. }) => {}
                    Err(error) => panic!("it cannot be cancelled: {error}"),
                }
            }
            loop {
                match run.end().await {
                    Err(EndError::Failed(failure)) if !failure.rollback.failed.is_empty() => {
                        let retried = operator.retry_rollback(name(number)).await;
                        retried.expect("nobody else retries it");
                    }
                    Ok(_) | Err(EndError::Failed(_)) => break,
                    Err(error) => panic!("it does not end: {error}"),
                }
            }
        });
    }
    while let Some(ended) = ends.join_next().await {
        ended.expect("every run ends");
    }
    runner.shut_down(Duration::from_secs(5)).await;
}
