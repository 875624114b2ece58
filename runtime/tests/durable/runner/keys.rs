//! Idempotency keys of stored runs: one for each visit, whatever had the id of the run before.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use stateway::MemoryStore;
use stateway::prelude::*;

workflow! {
    #[durable(version = 1)]
    #[derive(Clone)]
    workflow Payment {
        start  Asked;
        state  Paid;
        done   Booked;
        failed Refused;

        step pay: Asked -> Paid with retry(2), undo(refund);
        split book: Paid -> Booked | Refused {
            branch bank: () with retry(2);
            branch books: () with spawn;
            join all;
        }
    }
}

/// Keeps every key that it is called with, and fails each call once.
#[derive(Clone, Default)]
struct Bank {
    keys: Arc<Mutex<Vec<String>>>,
    refuses: bool,
}

impl Bank {
    fn called(&self, key: &stateway::Key, attempt: u32) -> Result<(), String> {
        self.keys.lock().unwrap().push(key.to_string());
        if attempt == 1 {
            return Err("not now".to_owned());
        }
        Ok(())
    }

    /// Each key that it was called with, once.
    fn distinct(&self) -> BTreeSet<String> {
        self.keys.lock().unwrap().iter().cloned().collect()
    }
}

impl PaymentSteps for Bank {
    type Error = String;

    async fn pay(&self, _: Asked, step: &Step<Pay>) -> Result<Pay, String> {
        self.called(&step.key(), step.attempt())?;
        Ok(step.to(Paid))
    }

    async fn refund(&self, _: Paid, undo: &Undo<Pay>) -> Result<(), String> {
        self.called(&undo.key(), 2)
    }

    async fn bank(&self, _: &Paid, branch: &Branch<Book>) -> Result<(), String> {
        self.called(&branch.key(), branch.attempt())
    }

    async fn books(&self, _: &Paid, branch: &Branch<Book>) -> Result<(), String> {
        self.called(&branch.key(), 2)
    }

    async fn book(&self, _: Paid, _: BookJoined, step: &Step<Book>) -> Result<Book, String> {
        self.called(&step.key(), 2)?;
        Ok(if self.refuses {
            step.to(Refused)
        } else {
            step.to(Booked)
        })
    }
}

async fn runner(store: &Arc<MemoryStore>, bank: &Bank) -> Runner<Payment> {
    let runner = Runner::<Payment>::builder(bank.clone());
    let runner = runner
        .clock(stateway::Clock::tokio())
        .store(Arc::clone(store));
    runner.launch().await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn every_attempt_of_a_visit_has_its_key() {
    let (store, bank) = (Arc::new(MemoryStore::new()), Bank::default());
    let runner = runner(&store, &bank).await;
    let run = runner.start("p/1", (), Asked).await;
    drop(run.unwrap().end().await.unwrap());
    let keys = bank.distinct();
    // Two visits, and two branches of the second.
    assert_eq!(keys.len(), 4, "{keys:?}");
    let first = keys.first().unwrap();
    let parts: Vec<_> = first.split('/').collect();
    let ["Payment", "p%2F1", incarnation, "1"] = *parts else {
        panic!("{first}")
    };
    assert_eq!(incarnation.len(), 16, "{first}");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_was_purged_leaves_its_keys_to_no_other() {
    let bank = Bank {
        refuses: true,
        ..Bank::default()
    };
    let store = Arc::new(MemoryStore::new());
    let runner = runner(&store, &bank).await;
    for times in 1..=3 {
        let run = runner.start("p-1", (), Asked).await.unwrap();
        drop(run.end().await.unwrap());
        let keys = bank.distinct();
        assert_eq!(
            keys.len(),
            5 * times,
            "that of the undo is the fifth: {keys:?}"
        );
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(runner.purge(Duration::ZERO).await.unwrap(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn two_stores_have_no_key_in_common() {
    let bank = Bank::default();
    for times in 1..=3 {
        let store = Arc::new(MemoryStore::new());
        let runner = runner(&store, &bank).await;
        let run = runner.start("p-1", (), Asked).await;
        drop(run.unwrap().end().await.unwrap());
        assert_eq!(bank.distinct().len(), 4 * times);
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_taken_up_by_another_process_keeps_its_keys() {
    let (store, bank) = (Arc::new(MemoryStore::new()), Bank::default());
    let first = runner(&store, &bank).await;
    let run = first.start("p-1", (), Asked).await.unwrap();
    tokio::task::yield_now().await;
    first.shut_down(Duration::ZERO).await;
    drop(run);
    let second = runner(&store, &bank).await;
    let run = second.get("p-1").await.unwrap().unwrap();
    drop(run.end().await.unwrap());
    assert_eq!(bank.distinct().len(), 4);
}
