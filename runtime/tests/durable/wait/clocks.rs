//! Clocks that are set while runs wait: nothing is lost, nothing happens twice, and nothing takes longer than it had to.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use stateway::Clock;
use stateway::prelude::*;
use stateway::store::{Event, Store};
use tokio::time::sleep;

use super::claim::stores;
use super::parcel::*;

/// The clock of tokio, set forward by a number of seconds.
#[derive(Clone, Default)]
struct SetClock(Arc<AtomicI64>);

const DAY: i64 = 86_400;

impl SetClock {
    fn set(&self, seconds: i64) {
        self.0.store(seconds, Ordering::Relaxed);
    }

    fn now(&self) -> SystemTime {
        let (now, off) = (Clock::tokio().now(), self.0.load(Ordering::Relaxed));
        let by = Duration::from_secs(off.unsigned_abs());
        if off < 0 { now - by } else { now + by }
    }

    async fn launch(&self, store: &Arc<dyn Store>, depot: &Arc<Depot>) -> Runner<Parcel> {
        let clock = self.clone();
        let runner =
            Runner::<Parcel>::shared(Arc::clone(depot)).clock(Clock::new(move || clock.now()));
        runner.store(Arc::clone(store)).launch().await.unwrap()
    }
}

/// Returns the number of times that a transition was taken.
async fn taken(runner: &Runner<Parcel>, name: &str) -> usize {
    let rows = runner.history("p-1").await.unwrap();
    let is_it =
        |event: &Event| matches!(event, Event::Transition { transition, .. } if transition == name);
    rows.iter().filter(|row| is_it(&row.event)).count()
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_back_by_a_day_postpones_nothing_and_repeats_nothing() {
    for restarts in [false, true] {
        for store in stores() {
            let (clock, depot) = (SetClock::default(), Arc::new(Depot::new(u32::MAX)));
            let mut runner = clock.launch(&store, &depot).await;
            let run = runner.start("p-1", (), Packed).await.unwrap();
            run.send(MINUTE * 1_000).await.unwrap();
            sleep(MINUTE * 12).await;
            clock.set(-DAY);
            if restarts {
                runner.shut_down(MINUTE).await;
                runner = clock.launch(&store, &depot).await;
            }
            let run = runner.get("p-1").await.unwrap().unwrap();
            assert_eq!(run.end().await.unwrap(), ParcelEnd::Lost(Lost));
            let reminded: Vec<_> = (1..=12).map(|number| number * 10).collect();
            assert_eq!(depot.minutes("remind"), reminded, "restarts: {restarts}");
            assert_eq!(depot.minutes("nudge"), [25]);
            assert_eq!(depot.minutes("track")[..5], [0, 3, 9, 21, 33]);
            assert_eq!(taken(&runner, "lose").await, 1);
            runner.shut_down(MINUTE).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_forward_by_a_year_fires_each_timer_once() {
    for store in stores() {
        let (clock, depot) = (SetClock::default(), Arc::new(Depot::new(u32::MAX)));
        let runner = clock.launch(&store, &depot).await;
        let run = runner.start("p-1", (), Packed).await.unwrap();
        run.send(MINUTE * 1_000).await.unwrap();
        sleep(MINUTE * 12).await;
        clock.set(365 * DAY);
        // It is seen with the next thing that happens.
        assert_eq!(run.end().await.unwrap(), ParcelEnd::Lost(Lost));
        assert_eq!(depot.minutes("recalled").len(), 1);
        for name in ["nudge", "lose"] {
            assert_eq!(taken(&runner, name).await, 1, "{name}");
        }
        // That of the tenth minute, and one for all that were missed.
        assert_eq!(depot.minutes("remind").len(), 2);
        runner.shut_down(MINUTE).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_state_that_was_entered_by_a_clock_that_was_ahead_is_left_in_time() {
    for store in stores() {
        let (clock, depot) = (SetClock::default(), Arc::new(Depot::new(u32::MAX)));
        clock.set(365 * DAY);
        let runner = clock.launch(&store, &depot).await;
        let run = runner.start("p-1", (), Packed).await.unwrap();
        run.send(MINUTE * 1_000).await.unwrap();
        sleep(MINUTE).await;
        clock.set(0);
        assert_eq!(run.end().await.unwrap(), ParcelEnd::Lost(Lost));
        assert_eq!(depot.minutes("nudge"), [25]);
        let reminded: Vec<_> = (1..=12).map(|number| number * 10).collect();
        assert_eq!(depot.minutes("remind"), reminded);
        runner.shut_down(MINUTE).await;
    }
}
