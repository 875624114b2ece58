//! A retry without an end, of a stored run.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use stateway::prelude::*;
use stateway::{Clock, RedbStore};
use tokio::time::sleep;

workflow! {
    #[durable(version = 1)]
    #[derive(Clone)]
    workflow Errand {
        start Begun;
        done Over;

        step go: Begun -> Over with retry(forever, every 10s);
    }
}

/// Is called this often in vain.
struct Busy(AtomicU32);

impl ErrandSteps for Busy {
    type Error = String;

    async fn go(&self, _: Begun, step: &Step<Go>) -> Result<Go, String> {
        match self.0.fetch_sub(1, Ordering::Relaxed) {
            0 => Ok(step.to(Over)),
            left => Err(format!("{left} left")),
        }
    }
}

async fn launch(file: &Path, busy: &Arc<Busy>) -> Runner<Errand> {
    let runner = Runner::<Errand>::shared(Arc::clone(busy)).clock(Clock::tokio());
    let runner = runner.store(RedbStore::open(file).unwrap());
    runner.launch().await.unwrap()
}

/// Fails this often, in two processes. Returns the length of the file and of the history.
async fn after(failures: u32, file: &Path) -> (u64, usize) {
    let busy = Arc::new(Busy(AtomicU32::new(failures)));
    let first = launch(file, &busy).await;
    first.start("e-1", (), Begun).await.unwrap();
    sleep(Duration::from_secs(u64::from(failures) * 5 - 5)).await;
    let run = first.get("e-1").await.unwrap().unwrap();
    let info = run.info().await.unwrap();
    assert_eq!(info.attempts[0].made, failures / 2, "{info:?}");
    first.shut_down(Duration::from_secs(1)).await;
    drop((run, first));
    let second = launch(file, &busy).await;
    let run = second.get("e-1").await.unwrap().unwrap();
    assert!(matches!(run.end().await, Ok(ErrandEnd::Over(Over))));
    let history = second.history("e-1").await.unwrap();
    let attempts = &history[1].failed_attempts;
    assert_eq!(attempts.len(), 16, "the last ones");
    assert_eq!(attempts[15].number, failures, "they are counted on");
    second.shut_down(Duration::from_secs(1)).await;
    (std::fs::metadata(file).unwrap().len(), history.len())
}

#[tokio::test(start_paused = true)]
async fn fifty_times_the_attempts_take_no_more_of_the_file_and_no_history() {
    let folder = tempfile::tempdir().unwrap();
    let few = after(20, &folder.path().join("few.redb")).await;
    let many = after(1_000, &folder.path().join("many.redb")).await;
    assert_eq!(few.1, 2, "it began, and it is over");
    assert_eq!(few, many);
}
