//! The size of the file and of the history under a poll that asks for days.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use stateway::prelude::*;
use stateway::{Clock, RedbStore};

workflow! {
    #[durable(version = 1)]
    workflow Transfer {
        start Sent { reference: String };
        done Settled;

        poll settle every 5s: Sent -> Settled;
    }
}

/// Settles a transfer with asking number `settles`.
struct Bank {
    asked: AtomicU64,
    settles: u64,
}

impl TransferSteps for Bank {
    type Error = String;

    async fn settle(&self, _: &Sent, step: &Step<OnSettle>) -> Result<Option<OnSettle>, String> {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
        Ok((asked == self.settles).then(|| step.to(Settled)))
    }
}

/// Returns the length of the file after this number of askings, and of the history.
async fn after(asked: u64, file: &Path) -> (u64, usize) {
    let store = RedbStore::open(file).unwrap();
    let bank = Arc::new(Bank {
        asked: AtomicU64::new(0),
        settles: asked,
    });
    let runner = Runner::<Transfer>::shared(bank).clock(Clock::tokio());
    let runner = runner.poll_every(Duration::from_hours(24)).store(store);
    let runner = runner.launch().await.unwrap();
    let reference = "t-1".to_owned();
    let run = runner.start("t-1", (), Sent { reference }).await.unwrap();
    let began = Clock::tokio().now();
    assert!(matches!(run.end().await, Ok(TransferEnd::Settled(Settled))));
    let took = Clock::tokio().now().duration_since(began).unwrap();
    let shortest = Duration::from_secs(5 * (asked - 1));
    assert!(took >= shortest && took < shortest + shortest / 100 + Duration::from_secs(1));
    let rows = runner.history("t-1").await.unwrap().len();
    runner.shut_down(Duration::from_secs(1)).await;
    (std::fs::metadata(file).unwrap().len(), rows)
}

#[tokio::test(start_paused = true)]
async fn a_hundred_times_the_askings_take_no_more_of_the_file_and_no_history() {
    let folder = tempfile::tempdir().unwrap();
    let few = after(20, &folder.path().join("few.redb")).await;
    let many = after(2_000, &folder.path().join("many.redb")).await;
    assert_eq!(few.1, 2, "it began, and it was settled");
    assert_eq!(few, many);
}
