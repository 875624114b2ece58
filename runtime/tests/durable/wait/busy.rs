//! Signals that come while a handler is under way: they are known before the next event is chosen.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use stateway::Clock;
use stateway::prelude::*;
use stateway::runner::Run;
use stateway::store::{Event, Store};
use tokio::time::sleep;

use super::claim::stores;

const SECOND: Duration = Duration::from_secs(1);

workflow! {
    #[derive(Debug, Clone, PartialEq)]
    #[durable(version = 1)]
    workflow Sale {
        start Open { bids: u32 };
        start Sent { notes: u32 };
        done Sold { bids: u32 };
        done Stopped { notes: u32 };

        signal bid answers u32: Open with retry(2, every 3s);
        timer hammer after 10s: Open -> Sold;

        poll settle every 1s: Sent -> Sold with timeout(2s), retry(3, every 100ms), catch(look);
        signal note: Sent;
        signal stop: Sent -> Stopped;
        timer tick every 1s: Sent;
    }
}

/// Fails with the first bid, and has a partner that does not answer.
#[derive(Default)]
struct House {
    keys: Mutex<Vec<String>>,
}

impl House {
    fn note_key(&self, key: &impl ToString) {
        self.keys.lock().unwrap().push(key.to_string());
    }
}

impl SaleSteps for House {
    type Error = String;

    async fn bid(&self, open: &mut Open, step: &Step<OnBid>) -> Result<u32, String> {
        if open.bids == 0 && step.attempt() == 1 {
            return Err("no line".into());
        }
        open.bids += 1;
        Ok(open.bids)
    }

    async fn hammer(&self, open: Open, step: &Step<OnHammer>) -> Result<OnHammer, String> {
        Ok(step.to(Sold { bids: open.bids }))
    }

    async fn settle(&self, _: &Sent, step: &Step<OnSettle>) -> Result<Option<OnSettle>, String> {
        self.note_key(&step.key());
        sleep(SECOND * 20).await;
        Ok(Some(step.to(Sold { bids: 0 })))
    }

    async fn look(
        &self,
        _: &Sent,
        _: Cause<String>,
        _: &Step<OnSettle>,
    ) -> Result<Option<OnSettle>, String> {
        Ok(None)
    }

    async fn note(&self, sent: &mut Sent, step: &Step<OnNote>) -> Result<(), String> {
        self.note_key(&step.key());
        sent.notes += 1;
        Ok(())
    }

    async fn stop(&self, sent: Sent, step: &Step<OnStop>) -> Result<OnStop, String> {
        self.note_key(&step.key());
        Ok(step.to(Stopped { notes: sent.notes }))
    }

    async fn tick(&self, _: &mut Sent, _: &Step<OnTick>) -> Result<(), String> {
        sleep(SECOND + SECOND / 5).await;
        Ok(())
    }
}

async fn launch(store: &Arc<dyn Store>, house: &Arc<House>) -> Runner<Sale> {
    let runner = Runner::<Sale>::shared(Arc::clone(house)).clock(Clock::tokio());
    runner.store(Arc::clone(store)).launch().await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_signal_that_came_in_time_wins_though_the_run_was_busy_until_after_the_timer_was_due() {
    for store in stores() {
        let runner = launch(&store, &Arc::default()).await;
        let run = runner.start("s-1", (), Open { bids: 0 }).await.unwrap();
        sleep(SECOND * 8).await;
        let first = run.bid().await.unwrap();
        sleep(SECOND).await;
        // Its handler is tried again after the hammer is due.
        let second = run.bid().await.unwrap();
        assert_eq!(first.answered().await.unwrap(), 1);
        assert_eq!(second.answered().await.unwrap(), 2);
        assert_eq!(run.end().await.unwrap(), SaleEnd::Sold(Sold { bids: 2 }));
        runner.shut_down(SECOND).await;
    }
}

async fn busy(runner: &Runner<Sale>) -> Run<Sale> {
    runner.start("s-1", (), Sent { notes: 0 }).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_poll_and_a_timer_that_take_longer_than_their_pauses_keep_no_signal_waiting() {
    for store in stores() {
        let runner = launch(&store, &Arc::default()).await;
        let run = busy(&runner).await;
        sleep(SECOND * 30).await;
        let sent = run.note().await.unwrap();
        let () = tokio::time::timeout(SECOND * 20, sent.applied())
            .await
            .unwrap()
            .unwrap();
        let sent = run.stop().await.unwrap();
        let stopped = tokio::time::timeout(SECOND * 20, sent.applied())
            .await
            .unwrap();
        assert_eq!(stopped.unwrap(), OnStop::Stopped(Stopped { notes: 1 }));
        // The errors of an asking are not those of another transition.
        let rows = runner.history("s-1").await.unwrap();
        for row in rows {
            let Event::Transition { transition, .. } = &row.event else {
                continue;
            };
            assert!(
                row.failed_attempts.is_empty(),
                "{transition}: {:?}",
                row.failed_attempts
            );
        }
        runner.shut_down(SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_runner_that_shuts_down_begins_no_other_asking() {
    for store in stores() {
        let house = Arc::new(House::default());
        let runner = launch(&store, &house).await;
        busy(&runner).await;
        sleep(SECOND * 30).await;
        let asked = house.keys.lock().unwrap().len();
        let began = tokio::time::Instant::now();
        runner.shut_down(SECOND * 300).await;
        assert!(began.elapsed() < SECOND * 10, "{:?}", began.elapsed());
        assert!(house.keys.lock().unwrap().len() <= asked + 3);
    }
}

workflow! {
    #[durable(version = 1)]
    workflow Letter {
        start Written;
        start Posted;
        done Replied;
        done Recalled;

        step post: Written -> Posted;
        poll look every 1s: Posted -> Replied;
        signal recall: Posted -> Recalled;
    }
}

/// A partner that takes longer than the pause between two askings, and knows nothing.
#[derive(Default)]
struct Slow(AtomicU32);

impl LetterSteps for Slow {
    type Error = String;

    async fn post(&self, _: Written, step: &Step<Post>) -> Result<Post, String> {
        sleep(SECOND * 10).await;
        Ok(step.to(Posted))
    }

    async fn recall(&self, _: Posted, step: &Step<OnRecall>) -> Result<OnRecall, String> {
        Ok(step.to(Recalled))
    }

    async fn look(&self, _: &Posted, _: &Step<OnLook>) -> Result<Option<OnLook>, String> {
        self.0.fetch_add(1, Ordering::Relaxed);

        sleep(SECOND * 2).await;
        Ok(None)
    }
}

#[tokio::test(start_paused = true)]
async fn a_poll_that_is_always_due_is_given_back_when_the_runner_shuts_down() {
    for store in stores() {
        let runner = Runner::<Letter>::builder(Slow::default()).clock(Clock::tokio());
        let runner = runner.store(store).launch().await.unwrap();
        runner.start("l-1", (), Posted).await.unwrap();
        sleep(SECOND * 5).await;
        let began = tokio::time::Instant::now();
        runner.shut_down(SECOND * 300).await;
        assert!(began.elapsed() < SECOND * 5, "{:?}", began.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_signal_that_came_during_a_step_comes_before_the_poll_of_the_state_that_follows() {
    for store in stores() {
        let slow = Arc::new(Slow::default());
        let runner = Runner::<Letter>::shared(Arc::clone(&slow)).clock(Clock::tokio());
        let runner = runner.store(store).launch().await.unwrap();
        let run = runner.start("l-1", (), Written).await.unwrap();
        sleep(SECOND * 5).await;
        run.recall().await.unwrap();
        assert!(matches!(run.end().await.unwrap(), LetterEnd::Recalled(_)));
        assert_eq!(slow.0.load(Ordering::Relaxed), 0);
        runner.shut_down(SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn each_asking_of_a_poll_that_is_always_due_is_kept_before_the_next() {
    for store in stores() {
        let slow = Arc::new(Slow::default());
        let runner = Runner::<Letter>::shared(Arc::clone(&slow)).clock(Clock::tokio());
        let runner = runner.store(Arc::clone(&store)).launch().await.unwrap();
        let run = runner.start("l-1", (), Posted).await.unwrap();
        sleep(SECOND * 21).await;
        let row = store.get(run.id()).await.unwrap().unwrap().row;
        let asked = slow.0.load(Ordering::Relaxed);
        assert!(asked > 5, "{asked}");
        assert_eq!(row.fired[0].made, asked - 1, "one is under way");
        runner.shut_down(SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_asking_shares_its_key_with_no_other_visit() {
    for store in stores() {
        let house = Arc::new(House::default());
        let runner = launch(&store, &house).await;
        let run = busy(&runner).await;
        sleep(SECOND).await;
        run.note().await.unwrap();
        run.stop().await.unwrap();
        let _ = run.end().await.unwrap();
        let keys = std::mem::take(&mut *house.keys.lock().unwrap());
        let (asked, moved): (Vec<_>, Vec<_>) =
            keys.iter().partition(|key| key.contains("/poll/settle"));
        assert_eq!(moved.len(), 2, "{keys:?}");
        assert!(!asked.is_empty() && moved[0] != moved[1], "{keys:?}");
        runner.shut_down(SECOND).await;
    }
    // In memory as well.
    let house = House::default();
    let mut run = Sale::start(Sent { notes: 0 }).run(&house);
    let remote = run.remote();
    let sends = async {
        sleep(SECOND).await;
        remote.note().await.unwrap();
        remote.stop().await.unwrap();
    };
    let (end, ()) = tokio::join!(run, sends);
    assert_eq!(end.unwrap(), SaleEnd::Stopped(Stopped { notes: 1 }));
    let keys = house.keys.into_inner().unwrap();
    let moved: Vec<_> = keys.iter().filter(|key| !key.contains("/poll/")).collect();
    assert_eq!(moved.len(), 2, "{keys:?}");
}

#[tokio::test(start_paused = true)]
async fn a_run_is_started_with_each_message_once() {
    let [store, _] = stores();
    let runner = launch(&store, &Arc::default()).await;
    let start = runner.start("s-1", (), Sent { notes: 0 });
    let start = start.with_signal(|run| run.note().message_id("m-1"));
    let start = start.with_signal(|run| run.note().message_id("m-1"));
    let start = start
        .with_signal(SaleSignals::note)
        .with_signal(SaleSignals::note);
    let run = start.with_signal(SaleSignals::stop).await.unwrap();
    // Once with the id, and twice without.
    assert_eq!(
        run.end().await.unwrap(),
        SaleEnd::Stopped(Stopped { notes: 3 })
    );
    runner.shut_down(SECOND).await;
}
