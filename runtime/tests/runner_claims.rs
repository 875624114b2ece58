//! Who drives a run: one runner at a time, whatever the clocks say.

#[allow(dead_code, reason = "each test uses its part")]
#[path = "support/shop.rs"]
mod shop;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use shop::*;
use stateway::prelude::*;
use stateway::store::Status;
use stateway::{Clock, MemoryStore};

/// A runner whose clock is so many seconds off.
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

#[tokio::test(start_paused = true)]
async fn who_lost_a_run_drops_its_handler_and_records_nothing() {
    let store = Arc::new(MemoryStore::new());
    let (here, there) = (Shop::new(), Shop::new());
    let one = skewed(&store, &here, 0).await;
    here.tell("charge", &[Act::Hang]);
    let run = one.start("o-1", input(), Placed).await.unwrap();
    called(&here, "charge o-1 1").await;
    // To this one, the lease has passed long ago.
    let other = skewed(&store, &there, 86_400).await;
    let seen = other.get("o-1").await.unwrap().unwrap();
    assert_eq!(seen.end().await.unwrap(), shipped());
    assert_eq!(run.end().await.unwrap(), shipped(), "both hear the end");
    assert_eq!(there.log(), ["charge o-1 1", "ship o-1 1"]);
    assert_eq!(
        states(&store, "o-1").await,
        ["Placed", "Reserved", "Charged", "Shipped"]
    );
}

/// What the handler waits for happens as the runner hears that it has lost the run.
#[tokio::test(start_paused = true)]
async fn the_handler_of_a_run_that_is_lost_does_not_go_on() {
    let store = Arc::new(MemoryStore::new());
    let (here, there) = (Shop::new(), Shop::new());
    let hears = Arc::new(AtomicBool::new(false));
    let clock = {
        let (clock, shop, hears) = (Clock::tokio(), here.clone(), Arc::clone(&hears));
        // This runner reads its clock when it extends its leases, since it looks for no other runs.
        Clock::new(move || {
            if hears.load(Ordering::Relaxed) {
                shop.open();
            }
            clock.now()
        })
    };
    let one = over(Arc::clone(&store), &here).clock(clock);
    let one = one.poll_every(Duration::from_hours(1));
    let one = one.launch().await.unwrap();
    here.tell("charge", &[Act::WaitForOpening]);
    one.start("o-1", input(), Placed).await.unwrap();
    called(&here, "charge o-1 1").await;
    let other = skewed(&store, &there, 86_400).await;
    let seen = other.get("o-1").await.unwrap().unwrap();
    assert_eq!(seen.end().await.unwrap(), shipped());
    hears.store(true, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_eq!(here.log(), ["reserve o-1 1", "charge o-1 1"]);
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
        shop.tell("charge", &[Act::Fail]);
        let id = format!("o-{pause:?}");
        let run = runner.start(id, input(), Placed).await.unwrap();
        assert_eq!(run.end().await.unwrap(), shipped());
        runner.shut_down(Duration::ZERO).await;
    }
}
