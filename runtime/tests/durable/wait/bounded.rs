//! A run that goes on for ever under `#[durable(history = ..)]`: neither its history nor the file grows.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use stateway::prelude::*;
use stateway::runner::{NotApplied, Run, WatchError};
use stateway::store::{Event, HistoryRow, Status, Store};
use stateway::{Clock, Durability, Durable, RedbStore};
use tokio::time::sleep;

use super::claim::stores;

workflow! {
    #[durable(version = 1, history = 10)]
    #[perpetual]
    #[derive(Debug, Clone, PartialEq)]
    workflow Meter {
        start Boxed;
        state On { count: u32 };

        step plug: Boxed -> On with undo(unplug);
        timer tick after 1s: On -> On;
        signal read answers u32: On;
    }
}

#[derive(Default)]
struct Panel {
    ticks: AtomicU32,
    unplugged: Mutex<Vec<u32>>,
}

impl MeterSteps for Panel {
    type Error = String;

    async fn plug(&self, _: Boxed, step: &Step<Plug>) -> Result<Plug, String> {
        Ok(step.to(On { count: 0 }))
    }

    async fn unplug(&self, on: On, _: &Undo<Plug>) -> Result<(), String> {
        self.unplugged.lock().unwrap().push(on.count);
        Ok(())
    }

    async fn tick(&self, on: On, step: &Step<OnTick>) -> Result<OnTick, String> {
        self.ticks.fetch_add(1, Ordering::Relaxed);
        Ok(step.to(On {
            count: on.count + 1,
        }))
    }

    async fn read(&self, on: &mut On, _: &Step<OnRead>) -> Result<u32, String> {
        Ok(on.count)
    }
}

const SECOND: Duration = Duration::from_secs(1);

async fn launch(store: Arc<dyn Store>, panel: &Arc<Panel>) -> Runner<Meter> {
    let runner = Runner::<Meter>::shared(Arc::clone(panel)).clock(Clock::tokio());
    runner.store(store).launch().await.unwrap()
}

async fn started(runner: &Runner<Meter>) -> Run<Meter> {
    runner.start("m-1", (), Boxed).await.unwrap()
}

/// Waits until the meter has ticked this often.
async fn ticked(panel: &Panel, times: u32) {
    while panel.ticks.load(Ordering::Relaxed) < times {
        sleep(SECOND).await;
    }
}

fn numbers(history: &[HistoryRow]) -> Vec<u64> {
    history.iter().map(|row| row.number).collect()
}

#[test]
fn the_bound_is_in_the_declaration() {
    assert_eq!(Meter::HISTORY, Some(10));
    assert_eq!(super::basket::Basket::HISTORY, None);
}

/// Gives the length of the file after this number of ticks.
async fn after(ticks: u32, file: &Path) -> u64 {
    let options = RedbStore::options().durability(Durability::MayLoseLatest {
        within: Duration::from_hours(1),
    });
    let panel = Arc::new(Panel::default());
    let runner = launch(Arc::new(options.open(file).unwrap()), &panel).await;
    let run = started(&runner).await;
    ticked(&panel, ticks).await;
    let rows = runner.history("m-1").await.unwrap();
    // The first, the one that can be undone, and the last ten.
    assert_eq!(rows.len(), 12);
    assert_eq!(numbers(&rows)[..2], [0, 1]);
    drop(run);
    runner.shut_down(SECOND).await;
    drop(runner);
    std::fs::metadata(file).unwrap().len()
}

#[tokio::test(start_paused = true)]
async fn two_thousand_transitions_take_no_more_of_the_file_than_two_hundred() {
    let folder = tempfile::tempdir().unwrap();
    let few = after(200, &folder.path().join("few.redb")).await;
    let many = after(2_000, &folder.path().join("many.redb")).await;
    assert!(many <= few + few / 4, "{few} and {many} bytes");
}

#[tokio::test(start_paused = true)]
async fn a_transition_older_than_the_history_is_undone() {
    for store in stores() {
        let panel = Arc::new(Panel::default());
        let runner = launch(store, &panel).await;
        let run = started(&runner).await;
        ticked(&panel, 100).await;
        runner.cancel("m-1").await.unwrap();
        let ended = run.end().await;
        assert!(ended.is_err(), "{ended:?}");
        assert_eq!(*panel.unplugged.lock().unwrap(), [0]);
        let info = run.info().await.unwrap();
        assert_eq!(info.status, Status::Cancelled);
        let history = runner.history("m-1").await.unwrap();
        let is_undone = |row: &HistoryRow| matches!(row.event, Event::Undone { of: 1, .. });
        assert!(history.iter().any(is_undone));
        runner.shut_down(SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_follows_a_run_too_late_is_told_and_goes_on() {
    for store in stores() {
        let panel = Arc::new(Panel::default());
        let runner = launch(store, &panel).await;
        let run = started(&runner).await;
        let mut changes = run.changes().await.unwrap();
        assert!(changes.next().await.unwrap().is_some());
        ticked(&panel, 100).await;
        // One row at least was there when it was read last.
        let missed = loop {
            match changes.next().await {
                Ok(_) => {}
                Err(WatchError::Missed { rows, .. }) => break rows,
                Err(error) => panic!("{error}"),
            }
        };
        assert!(missed > 80, "{missed}");
        let Some(AnyMeter::On(on)) = changes.next().await.unwrap() else {
            panic!("it is on")
        };
        assert!(on.count > 80 || on.count == 0, "{}", on.count);
        runner.shut_down(SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_signal_too_late_is_told_that_it_was_taken() {
    for store in stores() {
        let panel = Arc::new(Panel::default());
        let runner = launch(store, &panel).await;
        let run = started(&runner).await;
        ticked(&panel, 3).await;
        let sent = run.read().message_id("r-1").await.unwrap();
        assert!(sent.answered().await.unwrap() >= 3);
        ticked(&panel, 100).await;
        let late = sent.answered().await.unwrap_err();
        assert!(matches!(late, NotApplied::Forgotten { .. }), "{late:?}");
        assert_eq!(
            late.to_string(),
            "run `m-1` has taken the signal, and its history does not have that row any more: raise `history = ..` of \
             `#[durable(..)]`, or wait sooner"
        );
        // It is still known.
        let again = run.read().message_id("r-1").await.unwrap();
        assert!(!again.is_new);
        runner.shut_down(SECOND).await;
    }
}
