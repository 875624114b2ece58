//! Who drives a run: one runner at a time, whatever the clocks say.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use stateway::prelude::*;
use stateway::store::Status;
use stateway::testing::{Crash, Crashes};
use stateway::{Clock, MemoryStore};

use crate::support::cut::Line;
use crate::support::shop::*;

/// A runner whose clock is `n` seconds off.
async fn skewed(store: &Arc<MemoryStore>, shop: &Shop, seconds: i64) -> Runner<Order> {
    let clock = Clock::tokio();
    let skewed = Clock::new(move || {
        let off = Duration::from_secs(seconds.unsigned_abs());
        if seconds < 0 {
            clock.now() - off
        } else {
            clock.now() + off
        }
    });
    let runner = over(Arc::clone(store), shop).clock(skewed);
    runner.launch().await.unwrap()
}

/// Cano's fault D9: of two that resumed a run both shipped, and one refunded what the other had charged.
#[tokio::test(start_paused = true)]
async fn no_run_moves_twice_however_wrong_the_clocks_are() {
    for seconds in [-3_600, -31, 0, 31, 3_600, 86_400] {
        let store = Arc::new(MemoryStore::new());
        let (here, there) = (Shop::new(), Shop::new());
        let one = skewed(&store, &here, 0).await;
        let other = skewed(&store, &there, seconds).await;
        for shop in [&here, &there] {
            // Longer than a lease.
            shop.tell("ship", &vec![Act::Take(40); 100]);
        }
        let mut runs = Vec::new();
        for number in 0..20 {
            let runner = if number % 2 == 0 { &one } else { &other };
            let id = format!("o-{number}");
            runs.push(runner.start(id, input(), Placed).await.unwrap());
        }
        for run in &runs {
            assert_eq!(run.end().await.unwrap(), shipped(), "{seconds}");
        }
        for number in 0..20 {
            let id = format!("o-{number}");
            assert_eq!(
                states(&store, &id).await,
                ["Placed", "Reserved", "Charged", "Shipped"],
                "{seconds}: each transition once"
            );
            assert_eq!(row(&store, &id).await.status, Status::Done);
        }
        for shop in [&here, &there] {
            assert_eq!(shop.calls("refund") + shop.calls("release"), 0, "{seconds}");
        }
    }
}

/// A runner that reaches the store by a line of its own.
async fn by(line: &Line, shop: &Shop) -> Runner<Order> {
    over(line.clone(), shop).launch().await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn who_lost_a_run_drops_its_handler_and_records_nothing() {
    let store = Arc::new(MemoryStore::new());
    let (here, there) = (Shop::new(), Shop::new());
    let line = Line::to(&store);
    let one = by(&line, &here).await;
    here.tell("charge", &[Act::Hang]);
    let run = one.start("o-1", input(), Placed).await.unwrap();
    called(&here, "charge o-1 1").await;
    line.cut(true);
    let other = launch(&store, &there).await;
    let seen = other.get("o-1").await.unwrap().unwrap();
    assert_eq!(seen.end().await.unwrap(), shipped());
    line.cut(false);
    assert_eq!(run.end().await.unwrap(), shipped(), "both hear the end");
    assert_eq!(there.log(), ["charge o-1 1", "ship o-1 1"]);
    assert_eq!(
        states(&store, "o-1").await,
        ["Placed", "Reserved", "Charged", "Shipped"]
    );
}

/// The event that the handler waits for happens as the runner hears that another process has the run.
#[tokio::test(start_paused = true)]
async fn the_handler_of_a_run_that_is_lost_does_not_go_on() {
    let (store, here) = (Arc::new(MemoryStore::new()), Shop::new());
    let line = Line::to(&store);
    let one = by(&line, &here).await;
    here.tell("charge", &[Act::WaitForOpening]);
    one.start("o-1", input(), Placed).await.unwrap();
    called(&here, "charge o-1 1").await;
    line.cut(true);
    tokio::time::sleep(Duration::from_mins(1)).await;
    claim(&store, &Clock::tokio(), 3_600).await;
    let (opens, told) = (here.clone(), Arc::new(AtomicBool::new(false)));
    let hears = Arc::clone(&told);
    line.when_it_hears(move || {
        opens.open();
        hears.store(true, Ordering::Relaxed);
    });
    line.cut(false);
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert!(told.load(Ordering::Relaxed), "it has heard of it");
    assert_eq!(here.log(), ["reserve o-1 1", "charge o-1 1"]);
}

/// A clock that a test sets.
#[derive(Clone, Default)]
struct Wall(Arc<AtomicI64>);

impl Wall {
    fn clock(&self) -> Clock {
        let (off, clock) = (Arc::clone(&self.0), Clock::tokio());
        Clock::new(move || {
            let off = off.load(Ordering::Relaxed);
            let by = Duration::from_secs(off.unsigned_abs());
            if off < 0 {
                clock.now() - by
            } else {
                clock.now() + by
            }
        })
    }

    fn jump(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }
}

/// A suspended laptop, or a server whose clock is corrected, again and again.
#[tokio::test(start_paused = true)]
async fn a_clock_that_jumps_forward_takes_no_run_from_its_handler() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let wall = Wall::default();
    let runner = over(Arc::clone(&store), &shop).clock(wall.clock());
    let runner = runner.launch().await.unwrap();
    shop.tell("charge", &[Act::Take(60)]);
    let run = runner.start("o-1", input(), Placed).await.unwrap();
    called(&shop, "charge o-1 1").await;
    for _ in 0..12 {
        wall.jump(45);
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(shop.calls("charge"), 1, "it is called once");
        assert_eq!(row(&store, "o-1").await.crashes, 0);
    }
    assert_eq!(run.end().await.unwrap(), shipped());
    assert_eq!(shop.log().len(), 3, "each handler once: {:?}", shop.log());
}

#[tokio::test(start_paused = true)]
async fn what_waits_goes_on_in_time_though_the_clock_was_set_back() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let wall = Wall::default();
    let runner = over(Arc::clone(&store), &shop).clock(wall.clock());
    let runner = runner.wait_in_store_from(Duration::from_millis(1));
    let runner = runner.launch().await.unwrap();
    shop.tell("charge", &[Act::Fail]);
    let run = runner.start("o-1", input(), Placed).await.unwrap();
    until(async || row(&store, "o-1").await.due > Some(wall.clock().now())).await;
    let began = tokio::time::Instant::now();
    wall.jump(-3_600);
    let other = runner.start("o-2", input(), Placed).await.unwrap();
    assert_eq!(
        other.end().await.unwrap(),
        shipped(),
        "a new one is not kept"
    );
    assert_eq!(run.end().await.unwrap(), shipped());
    assert!(
        began.elapsed() < Duration::from_mins(2),
        "it waited for its backoff, and not for the hour: {:?}",
        began.elapsed()
    );
}

/// A clock that was an hour ahead is corrected while the process is down that held the wait.
#[tokio::test(start_paused = true)]
async fn a_wait_whose_holder_died_is_no_longer_than_it_was() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let wall = Wall::default();
    let holding = || {
        let runner = over(Arc::clone(&store), &shop).clock(wall.clock());
        runner.wait_in_store_from(Duration::from_hours(1))
    };
    let first = holding().launch().await.unwrap();
    shop.tell("charge", &[Act::FailAfter(10)]);
    first.start("o-1", input(), Placed).await.unwrap();
    called(&shop, "charge o-1 1").await;
    wall.jump(3_600);
    until(async || row(&store, "o-1").await.waits).await;
    drop(first);
    wall.jump(-3_600);
    let second = holding().launch().await.unwrap();
    let run = second.get("o-1").await.unwrap().unwrap();
    let began = tokio::time::Instant::now();
    assert_eq!(run.end().await.unwrap(), shipped());
    assert!(
        began.elapsed() < Duration::from_mins(3),
        "it waited for its backoff and a lease, and not for the hour: {:?}",
        began.elapsed()
    );
}

/// A suspended process, or a slow disk, from inside: the store answers when the leases have passed.
#[tokio::test(start_paused = true)]
async fn a_runner_whose_heartbeats_are_late_does_not_take_up_its_own_runs() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let line = Line::to(&store);
    let runner = by(&line, &shop).await;
    shop.tell("charge", &[Act::Take(400)]);
    let run = runner.start("o-1", input(), Placed).await.unwrap();
    called(&shop, "charge o-1 1").await;
    let before = row(&store, "o-1").await;
    // Three leases.
    line.delay(90);
    tokio::time::sleep(Duration::from_mins(5)).await;
    line.delay(0);
    let after = row(&store, "o-1").await;
    assert_eq!((after.epoch, after.crashes), (before.epoch, 0));
    assert_eq!(run.end().await.unwrap(), shipped());
    assert_eq!(shop.log(), ["reserve o-1 1", "charge o-1 1", "ship o-1 1"]);
}

/// The answer to a claim is lost: the store says that the runner has the run, and it does not know.
#[tokio::test(start_paused = true)]
async fn a_run_whose_claim_was_never_heard_of_is_given_back() {
    let store = Arc::new(MemoryStore::new());
    for crash in [Crash::OutageAfter, Crash::OutageBefore] {
        let shop = Shop::new();
        let first = launch(&store, &shop).await;
        shop.tell("charge", &[Act::Wait]);
        let id = format!("o-{crash:?}");
        first.start(&id, input(), Placed).await.unwrap();
        called(&shop, &format!("charge {id} 1")).await;
        first.shut_down(Duration::from_secs(1)).await;
        // Its first operation is to claim that run.
        let crashes = Crashes::new(Arc::clone(&store)).at(1, crash);
        let runner = over(crashes, &shop).launch().await.unwrap();
        let run = runner.get(&id).await.unwrap().unwrap();
        assert_eq!(run.end().await.unwrap(), shipped());
        assert_eq!(row(&store, &id).await.crashes, 0, "nothing has died");
    }
}

/// One run kills every process that drives it, and the others need a while to come to their next state.
#[tokio::test(start_paused = true)]
async fn a_run_that_kills_its_process_is_parked_and_no_other() {
    let store = Arc::new(MemoryStore::new());
    let shop = Shop::new();
    shop.tell("charge o-poison", &vec![Act::Die; 1_000]);
    shop.tell("charge", &vec![Act::Take(3); 1_000]);
    let innocent: Vec<_> = (0..40).map(|number| format!("o-{number}")).collect();
    let mut deaths = 0;
    let runner = loop {
        let runner = launch(&store, &shop).await;
        for id in innocent.iter().map(String::as_str).chain(["o-poison"]) {
            runner.start(id, input(), Placed).await.unwrap();
        }
        let ended = async {
            for id in innocent.iter().map(String::as_str).chain(["o-poison"]) {
                let run = runner.get(id).await.unwrap().unwrap();
                let ended = run.end().await;
                assert_eq!(id == "o-poison", ended.is_err(), "{id}: {ended:?}");
            }
        };
        tokio::select! {
            () = shop.death() => deaths += 1,
            () = ended => break runner,
        }
        assert!(deaths < 100, "it is found at last");
        drop(runner);
    };
    assert_eq!(deaths, 10, "it had as many deaths as that");
    let parked = row(&store, "o-poison").await;
    assert_eq!((parked.status, parked.crashes), (Status::Parked, 10));
    for id in &innocent {
        assert_eq!(row(&store, id).await.status, Status::Done, "{id}");
    }
    runner.shut_down(Duration::ZERO).await;
}

#[tokio::test(start_paused = true)]
async fn a_run_that_waited_for_its_next_attempt_is_not_blamed_for_a_death() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let patient = |line: &Line| {
        let patient = over(line.clone(), &shop).lease(Duration::from_millis(10));
        patient.wait_in_store_from(Duration::from_hours(1))
    };
    shop.tell("charge", &[Act::Fail]);
    let mut line = Line::to(&store);
    let mut runner = patient(&line).launch().await.unwrap();
    runner.start("o-1", input(), Placed).await.unwrap();
    until(async || row(&store, "o-1").await.waits).await;
    for _ in 0..12 {
        // Nothing is heard of it any more.
        line.cut(true);
        let epoch = row(&store, "o-1").await.epoch;
        line = Line::to(&store);
        runner = patient(&line).launch().await.unwrap();
        until(async || row(&store, "o-1").await.epoch > epoch).await;
        assert_eq!(shop.calls("charge"), 1, "it still waits");
        assert_eq!(row(&store, "o-1").await.crashes, 0);
    }
    let run = runner.get("o-1").await.unwrap().unwrap();
    assert_eq!(run.end().await.unwrap(), shipped());
}

#[tokio::test(start_paused = true)]
async fn a_run_that_another_gave_back_is_taken_up() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let runner = launch(&store, &shop).await;
    let other = launch(&store, &Shop::new()).await;
    shop.tell("charge", &[Act::Wait]);
    runner.start("o-1", input(), Placed).await.unwrap();
    called(&shop, "charge o-1 1").await;
    runner.shut_down(Duration::from_secs(1)).await;
    let run = other.get("o-1").await.unwrap().unwrap();
    assert_eq!(run.end().await.unwrap(), shipped());
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_claimed_as_the_runner_shuts_down_is_given_back() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    shop.tell("reserve", &[Act::Hang]);
    let runner = launch(&store, &shop).await;
    runner.start("o-1", input(), Placed).await.unwrap();
    runner.shut_down(Duration::ZERO).await;
    for _ in 0..20 {
        let runner = launch(&store, &shop).await;
        tokio::task::yield_now().await;
        runner.shut_down(Duration::ZERO).await;
    }
    let began = tokio::time::Instant::now();
    let runner = launch(&store, &shop).await;
    let run = runner.get("o-1").await.unwrap().unwrap();
    assert_eq!(run.end().await.unwrap(), shipped());
    assert!(
        began.elapsed() < Duration::from_secs(1),
        "no lease has to pass"
    );
    let crashed = row(&store, "o-1").await.crashes;
    assert_eq!(crashed, 0);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_waits_for_long_is_given_back_wherever_it_is_taken_up() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let patient = over(Arc::clone(&store), &shop).wait_in_store_from(Duration::from_hours(1));
    let first = patient.launch().await.unwrap();
    shop.tell("charge", &[Act::Fail]);
    first.start("o-1", input(), Placed).await.unwrap();
    called(&shop, "charge o-1 1").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    // It waits in memory, and its process dies.
    drop(first);
    tokio::time::sleep(Duration::from_secs(31)).await;
    let narrow = over(Arc::clone(&store), &shop).max_in_flight(1);
    let second = narrow.launch().await.unwrap();
    let other = second.start("o-2", input(), Placed).await.unwrap();
    assert_eq!(other.end().await.unwrap(), shipped());
    assert_eq!(shop.calls("charge o-1"), 1, "it waits in the store now");
    let run = second.get("o-1").await.unwrap().unwrap();
    assert_eq!(run.end().await.unwrap(), shipped());
}

#[tokio::test(start_paused = true)]
async fn a_poll_of_any_length_claims() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    for pause in [Duration::ZERO, Duration::from_micros(500), Duration::MAX] {
        let runner = over(Arc::clone(&store), &shop)
            .poll_every(pause)
            .lease(Duration::MAX)
            .launch();
        let runner = runner.await.unwrap();
        let id = format!("o-{pause:?}");
        let due = Clock::tokio().now() + Duration::from_secs(2);
        let run = runner.start(id, input(), Placed).at(due).await.unwrap();
        assert_eq!(run.end().await.unwrap(), shipped());
        runner.shut_down(Duration::ZERO).await;
    }
}
