//! The power goes, at every flush, while a run is signalled, ticks, is interrupted and asks: what a sender has heard stays so.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use stateway::prelude::*;
use stateway::runner::Run;
use stateway::store::{Event, HistoryRow, Store as _};
use stateway::{Durability, RedbStore};
use tokio::time::sleep;

use crate::support::disk::{Disk, Moment};

const MILLISECOND: Duration = Duration::from_millis(1);

workflow! {
    #[derive(Debug, Clone, PartialEq)]
    #[durable(version = 1)]
    workflow Till {
        start Open { sum: u64, ticks: u64 };
        state Counting { sum: u64 };
        state Sent { sum: u64 };
        done Settled { sum: u64 };

        signal pay(u64) answers u64: Open with retry(2, every 1ms);
        signal close answers u64: Open -> Counting;
        timer tick every 5ms: Open;
        step count: Counting -> Sent;
        signal correct(u64) answers u64 interrupts Counting -> Counting;
        poll settle every 1ms..4ms: Sent -> Settled;
    }
}

struct Bank;

impl TillSteps for Bank {
    type Error = String;

    async fn pay(&self, open: &mut Open, cents: u64, step: &Step<OnPay>) -> Result<u64, String> {
        open.sum += cents;
        if cents == 2 && step.attempt() == 1 {
            return Err("no line".into());
        }
        Ok(open.sum)
    }

    async fn close(
        &self,
        open: Open,
        step: &Step<OnClose>,
    ) -> Result<Answered<OnClose, u64>, String> {
        Ok(step.to(Counting { sum: open.sum }).answer(open.sum))
    }

    async fn tick(&self, open: &mut Open, _: &Step<OnTick>) -> Result<(), String> {
        open.ticks += 1;
        Ok(())
    }

    async fn count(&self, counting: Counting, step: &Step<Count>) -> Result<Count, String> {
        sleep(MILLISECOND * 30).await;
        Ok(step.to(Sent { sum: counting.sum }))
    }

    async fn correct(
        &self,
        counting: Counting,
        by: u64,
        step: &Step<OnCorrect>,
    ) -> Result<Answered<OnCorrect, u64>, String> {
        let sum = counting.sum + by;
        Ok(step.to(Counting { sum }).answer(sum))
    }

    async fn settle(&self, sent: &Sent, step: &Step<OnSettle>) -> Result<Option<OnSettle>, String> {
        Ok((fastrand::u8(..2) == 0).then(|| step.to(Settled { sum: sent.sum })))
    }
}

fn open(disk: &Disk) -> Option<RedbStore> {
    let options = RedbStore::options().durability(Durability::Flushed);
    options.cache_size(1 << 20).open_backend(disk.clone()).ok()
}

/// A disk with a store that has no runs.
fn disk(moment: Moment) -> Disk {
    let new = Disk::with(Vec::new(), Moment::Never);
    drop(open(&new).unwrap());
    Disk::with(new.bytes(), moment)
}

/// The answers that senders have heard, by the ids of their messages.
type Heard = Arc<Mutex<BTreeMap<&'static str, u64>>>;

/// Notes an answer, which is the same each time.
fn hear<E>(heard: &Heard, id: &'static str, answer: Result<u64, E>) -> Option<()> {
    let answer = answer.ok()?;
    let before = heard.lock().unwrap().insert(id, answer);
    assert!(
        before.is_none_or(|before| before == answer),
        "{id}: {before:?}, and then {answer}"
    );
    Some(())
}

/// Takes a till as far as the power lasts.
async fn go(disk: &Disk, heard: &Heard) -> Option<TillEnd> {
    let runner = Runner::<Till>::builder(Bank).store(open(disk)?);
    let runner = runner.max_crashes(100).launch().await.ok()?;
    let till = Open { sum: 0, ticks: 0 };
    let run: Run<Till> = runner.start("t-1", (), till).await.ok()?;
    for (id, cents) in [("pay-1", 1), ("pay-2", 2), ("pay-3", 3)] {
        hear(heard, id, run.pay(cents).message_id(id).answered().await)?;
        sleep(MILLISECOND * 2).await;
    }
    hear(
        heard,
        "close",
        run.close().message_id("close").answered().await,
    )?;
    // It comes too late, if the power was gone for long.
    let corrected = run.correct(10).message_id("correct").answered().await;
    let _ = hear(heard, "correct", corrected);
    let ended = run.end().await;
    (!disk.is_lost()).then_some(ended.ok()?)
}

/// Checks that what was heard is what the history says, and that each message was applied once.
fn check(history: &[HistoryRow], heard: &Heard, ended: &TillEnd) {
    let taken = history.iter().filter_map(|row| match &row.event {
        Event::Transition {
            message: Some(message),
            answer: Some(answer),
            ..
        } => Some((&**message, serde_json::from_slice::<u64>(answer).unwrap())),
        _ => None,
    });
    let taken: Vec<_> = taken.collect();
    let mut answers: BTreeMap<&str, u64> = taken.iter().copied().collect();
    assert_eq!(
        answers.len(),
        taken.len(),
        "one is applied twice: {taken:?}"
    );
    let corrected = answers.remove("correct");
    let mut heard = heard.lock().unwrap().clone();
    if let Some(heard) = heard.remove("correct") {
        assert_eq!(corrected, Some(heard));
    }
    assert_eq!(answers, heard, "all others were heard in the end");
    let sum = 6 + corrected.map_or(0, |_| 10);
    assert_eq!(*ended, TillEnd::Settled(Settled { sum }));
}

#[tokio::test]
async fn what_a_sender_has_heard_stays_so_however_often_the_power_goes() {
    for n in 1.. {
        let heard = Heard::default();
        let first = disk(if n % 2 == 0 {
            Moment::Before(n / 2)
        } else {
            Moment::After(n / 2 + 1)
        });
        let _ = go(&first, &heard).await;
        let lasted = !first.is_lost();
        let second = first.left(n, Moment::Before(n));
        let _ = go(&second, &heard).await;
        let third = second.left(n, Moment::Never);
        let ended = go(&third, &heard).await.expect("nothing is lost");
        third.lose();
        let store = open(&third.left(0, Moment::Never)).unwrap();
        let history = store.history(&"t-1".parse().unwrap(), 0, 1_000).await;
        check(&history.unwrap(), &heard, &ended);
        if lasted {
            // There are two moments for each flush.
            assert!(n > 30, "it has more flushes than {n}");
            break;
        }
    }
}
