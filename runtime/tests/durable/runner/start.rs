//! Starting runs, asking for them, and waiting for their ends.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use stateway::prelude::*;
use stateway::runner::Differs;
use stateway::store::{Event, Filter, Status, Store as _};
use stateway::testing::{Crash, Crashes};
use stateway::{Clock, MemoryStore, StoreError};

use crate::support::shop::*;

#[tokio::test(start_paused = true)]
async fn a_run_that_was_started_ends() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let runner = launch(&store, &shop).await;
    let run = runner.start("o-42", input(), Placed).await.unwrap();
    assert_eq!(run.id().to_string(), "o-42");
    assert_eq!(run.end().await.unwrap(), shipped());
    assert_eq!(run.end().await.unwrap(), shipped(), "as often as one asks");
    assert_eq!(
        shop.log(),
        ["reserve o-42 1", "charge o-42 1", "ship o-42 1"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_run_may_start_in_any_start_state() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let runner = launch(&store, &shop).await;
    let run = runner.start("o-1", input(), Imported { hold: 9 }).await;
    let OrderEnd::Shipped(order) = run.unwrap().end().await.unwrap() else {
        panic!("it is shipped")
    };
    assert_eq!(order.parcel, "for Ada with receipt of 9");
}

#[tokio::test(start_paused = true)]
async fn to_start_the_same_run_again_gives_the_one_that_is_there() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let runner = launch(&store, &shop).await;
    let first = runner.start("o-1", input(), Placed).await.unwrap();
    let second = runner.start("o-1", input(), Placed).await.unwrap();
    assert_eq!(first.end().await.unwrap(), second.end().await.unwrap());
    // Also when it has ended.
    let third = runner.start("o-1", input(), Placed).await.unwrap();
    assert_eq!(third.end().await.unwrap(), shipped());
    assert_eq!(shop.calls("reserve"), 1);
    assert_eq!(shop.calls("ship"), 1);
}

#[tokio::test(start_paused = true)]
async fn to_start_another_run_with_the_same_id_is_a_conflict() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let runner = launch(&store, &shop).await;
    runner.start("o-1", input(), Placed).await.unwrap();
    let other = OrderInput {
        customer: "Grace".into(),
    };
    let conflict = runner.start("o-1", other, Placed).await.unwrap_err();
    assert_eq!(
        conflict.to_string(),
        "run `o-1` exists already and was started with another input: give this one another id, or start it with the \
         same input to get the run that exists"
    );
    let conflict = runner.start("o-1", input(), Imported { hold: 1 }).await;
    let conflict = conflict.unwrap_err();
    assert!(
        matches!(&conflict, StartError::Conflict { run, differs: Differs::Start } if run.text() == "o-1"),
        "{conflict:?}"
    );
    runner
        .start("o-2", input(), Imported { hold: 1 })
        .await
        .unwrap();
    let conflict = runner.start("o-2", input(), Imported { hold: 2 }).await;
    assert!(conflict.is_err(), "another payload is another start");
}

mod other {
    stateway::workflow! {
        #[durable(version = 1)]
        pub(crate) workflow Refund {
            start Asked;
            done Paid;
            step pay: Asked -> Paid;
        }
    }

    pub(crate) struct Bank;

    impl RefundSteps for Bank {
        type Error = String;

        async fn pay(&self, _: Asked, step: &stateway::Step<Pay>) -> Result<Pay, String> {
            Ok(step.to(Paid))
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_id_is_of_one_workflow() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let runner = launch(&store, &shop).await;
    let refunds = Runner::<other::Refund>::builder(other::Bank).store(Arc::clone(&store));
    let refunds = refunds.launch().await.unwrap();
    runner.start("o-1", input(), Placed).await.unwrap();
    let conflict = refunds.start("o-1", (), other::Asked).await.unwrap_err();
    assert!(
        matches!(
            conflict,
            StartError::Conflict {
                differs: Differs::Workflow,
                ..
            }
        ),
        "{conflict}"
    );
    assert!(refunds.get("o-1").await.unwrap().is_none());
    let run = refunds.start("r-1", (), other::Asked).await.unwrap();
    assert!(matches!(
        run.end().await.unwrap(),
        other::RefundEnd::Paid(_)
    ));
    let of_refunds = refunds.list(Filter::default()).await.unwrap();
    assert_eq!(of_refunds.len(), 1, "each runner sees its own");
}

#[tokio::test(start_paused = true)]
async fn many_that_start_the_same_run_at_once_get_the_same_run() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let runner = launch(&store, &shop).await;
    let mut starts = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let runner = runner.clone();
        starts.spawn(async move {
            let run = runner.start("o-1", input(), Placed).await.unwrap();
            run.end().await.unwrap()
        });
    }
    let ends = starts.join_all().await;
    assert!(ends.iter().all(|end| *end == shipped()));
    assert_eq!(shop.calls("charge"), 1);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_an_id_is_refused() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let runner = launch(&store, &shop).await;
    for (id, says) in [
        (String::new(), "from 1 to 255 bytes, and this one has 0"),
        ("x".repeat(256), "from 1 to 255 bytes, and this one has 256"),
        (
            "o-1\r\nset-cookie".to_owned(),
            "this one has '\\r' at byte 3",
        ),
        ("\u{0}".to_owned(), "this one has '\\0' at byte 0"),
        ("o\u{7f}".to_owned(), "this one has '\\u{7f}' at byte 1"),
        ("o\u{9b}".to_owned(), "this one has '\\u{9b}' at byte 1"),
    ] {
        let refused = runner.start(&id, input(), Placed).await.unwrap_err();
        assert!(matches!(refused, StartError::Id(_)), "{refused:?}");
        assert!(refused.to_string().contains(says), "{refused}");
        let unknown = runner.cancel(id).await.unwrap_err();
        assert!(matches!(unknown, StoreError::Id(_)), "{unknown:?}");
    }
    let unusual = "order 7/ä, \u{1F980}";
    let run = runner.start(unusual, input(), Placed).await.unwrap();
    assert_eq!(run.end().await.unwrap(), shipped());
    assert_eq!(row(&store, unusual).await.id.text(), unusual);
}

#[tokio::test(start_paused = true)]
async fn a_start_that_is_too_large_is_refused() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let runner = over(Arc::clone(&store), &shop).max_payload(100);
    let runner = runner.launch().await.unwrap();
    let large = OrderInput {
        customer: "x".repeat(100),
    };
    let refused = runner.start("o-1", large, Placed).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the input takes 115 bytes, and a payload may have 100: store large data elsewhere and keep a \
         reference, or raise `max_payload`"
    );
    assert!(
        runner.get("o-1").await.unwrap().is_none(),
        "nothing is stored"
    );
}

#[tokio::test(start_paused = true)]
async fn a_start_that_the_store_does_not_take_says_so_and_can_be_repeated() {
    for crash in [Crash::OutageBefore, Crash::OutageAfter] {
        let shop = Shop::new();
        let store = Crashes::new(MemoryStore::new()).at(1, crash);
        let runner = over(store, &shop).launch().await.unwrap();
        let refused = runner.start("o-1", input(), Placed).await.unwrap_err();
        assert!(
            matches!(refused, StartError::Store(StoreError::Unavailable { .. })),
            "{refused:?}"
        );
        assert!(refused.source().is_some());
        let run = runner.start("o-1", input(), Placed).await.unwrap();
        assert_eq!(run.end().await.unwrap(), shipped());
        assert_eq!(shop.calls("ship"), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_start_whose_caller_goes_away_is_driven() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let runner = launch(&store, &shop).await;
    let start = runner.start("o-1", input(), Placed);
    let dropped = tokio::time::timeout(Duration::ZERO, start).await;
    drop(dropped);
    let run = runner.start("o-1", input(), Placed).await.unwrap();
    assert_eq!(run.end().await.unwrap(), shipped());
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_not_there_is_none() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let runner = launch(&store, &shop).await;
    assert!(runner.get("o-1").await.unwrap().is_none());
    let error = runner.history("o-1").await.unwrap_err();
    assert!(matches!(error, StoreError::NotFound { .. }));
    let error = runner.cancel("o-1").await.unwrap_err();
    assert_eq!(error.to_string(), "there is no run `o-1` in the store");
}

#[tokio::test(start_paused = true)]
async fn a_run_shows_where_it_stands() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let runner = launch(&store, &shop).await;
    shop.tell("ship", &[Act::Wait]);
    runner.start("o-1", input(), Placed).await.unwrap();
    called(&shop, "ship o-1 1").await;
    let run = runner.get("o-1").await.unwrap().expect("it is there");
    let AnyOrder::Charged(order) = run.state().await.unwrap() else {
        panic!("it is charged")
    };
    assert_eq!(order.receipt, "receipt of 7");
    assert_eq!(order.input().customer, "Ada");
    let info = run.info().await.unwrap();
    assert_eq!((info.status, &*info.state), (Status::Running, "Charged"));
    assert_eq!((info.version, info.visit), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_history_tells_every_transition() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let runner = launch(&store, &shop).await;
    shop.tell("charge", &[Act::Fail, Act::Fail]);
    let run = runner.start("o-1", input(), Placed).await.unwrap();
    let _ = run.end().await.unwrap();
    let history = runner.history("o-1").await.unwrap();
    let told: Vec<_> = history
        .iter()
        .map(|row| match &row.event {
            Event::Started { state } => format!("{}: started in {state}", row.number),
            Event::Transition {
                transition,
                visit,
                attempts,
                state,
                ..
            } => format!(
                "{}: {transition} to {state}, visit {visit}, attempts {attempts}",
                row.number
            ),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        told,
        [
            "0: started in Placed",
            "1: reserve to Reserved, visit 1, attempts 1",
            // It waited in the store twice, and nothing is said of that.
            "2: charge to Charged, visit 2, attempts 3",
            "3: ship to Shipped, visit 3, attempts 1",
        ]
    );
    let age = history[2].at.duration_since(history[0].at).unwrap();
    assert!(age >= Duration::from_mins(2), "{age:?}");
}

#[tokio::test(start_paused = true)]
async fn runs_are_listed_by_what_one_asks_for() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let runner = launch(&store, &shop).await;
    shop.tell("reserve", &[Act::Otherwise]);
    for id in ["o-1", "o-2", "o-3"] {
        let run = runner.start(id, input(), Placed).await.unwrap();
        let _ = run.end().await.unwrap();
    }
    shop.tell("charge", &[Act::Wait]);
    runner.start("o-4", input(), Placed).await.unwrap();
    called(&shop, "charge o-4 1").await;
    let ids = async |filter: Filter| -> Vec<String> {
        let rows = runner.list(filter).await.unwrap();
        rows.iter().map(|row| row.id.to_string()).collect()
    };
    assert_eq!(ids(Filter::default()).await, ["o-1", "o-2", "o-3", "o-4"]);
    let done = Filter::new().status(Status::Done);
    assert_eq!(ids(done).await, ["o-2", "o-3"]);
    let reserved = Filter::new().state("Reserved");
    assert_eq!(ids(reserved).await, ["o-4"]);
    let page = Filter::new().after("o-1".parse().unwrap()).limit(2);
    assert_eq!(ids(page).await, ["o-2", "o-3"]);
}

#[tokio::test(start_paused = true)]
async fn what_has_ended_is_purged_by_its_age() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let runner = launch(&store, &shop).await;
    for id in ["o-1", "o-2"] {
        let run = runner.start(id, input(), Placed).await.unwrap();
        let _ = run.end().await.unwrap();
    }
    tokio::time::sleep(Duration::from_hours(3)).await;
    let run = runner.start("o-3", input(), Placed).await.unwrap();
    let _ = run.end().await.unwrap();
    shop.tell("charge", &[Act::Wait]);
    runner.start("o-4", input(), Placed).await.unwrap();
    called(&shop, "charge o-4 1").await;
    assert_eq!(runner.purge(Duration::from_hours(1)).await.unwrap(), 2);
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(runner.purge(Duration::ZERO).await.unwrap(), 1);
    let left = runner.list(Filter::default()).await.unwrap();
    assert_eq!(left.len(), 1, "one has not ended");
    let gone = store.history(&"o-1".parse().unwrap(), 0, 10).await;
    assert!(matches!(gone, Err(StoreError::NotFound { .. })));
    // The id is free again.
    let run = runner.start("o-1", input(), Placed).await.unwrap();
    assert_eq!(run.end().await.unwrap(), shipped());
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_run_that_was_purged_is_not_known() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let runner = launch(&store, &shop).await;
    let run = runner.start("o-1", input(), Placed).await.unwrap();
    let _ = run.end().await.unwrap();
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(runner.purge(Duration::ZERO).await.unwrap(), 1);
    let error = run.end().await.unwrap_err();
    assert!(
        matches!(&error, EndError::Store(StoreError::NotFound { run }) if run.text() == "o-1"),
        "{error:?}"
    );
}

/// Cano's fault D13: after one failure every later start conflicted.
#[tokio::test(start_paused = true)]
async fn a_run_that_failed_keeps_nobody_from_starting_others() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let runner = launch(&store, &shop).await;
    shop.tell("ship", &[Act::Fail]);
    let run = runner.start("o-1", input(), Placed).await.unwrap();
    let failed = run.end().await.unwrap_err();
    assert!(matches!(failed, EndError::Failed(_)));
    let next = runner.start("o-2", input(), Placed).await.unwrap();
    assert_eq!(next.end().await.unwrap(), shipped());
    // The same one again is the one that failed, and no conflict.
    let again = runner.start("o-1", input(), Placed).await.unwrap();
    assert!(matches!(again.end().await, Err(EndError::Failed(_))));
    assert_eq!(shop.calls("ship"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_context_can_be_shared_with_others() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Arc::new(Shop::new()));
    let runner = Runner::<Order>::shared(Arc::clone(&shop)).clock(Clock::tokio());
    let runner = runner.store(store).launch().await.unwrap();
    let run = runner.start("o-1", input(), Placed).await.unwrap();
    assert_eq!(run.end().await.unwrap(), shipped());
    assert_eq!(shop.calls("ship"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_due_later_begins_then() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let runner = launch(&store, &shop).await;
    let (clock, began) = (Clock::tokio(), tokio::time::Instant::now());
    let later = clock.now() + Duration::from_hours(3);
    let run = runner
        .start("o-1", input(), Placed)
        .at(later)
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_hours(2)).await;
    assert_eq!(shop.log(), [""; 0]);
    assert_eq!(run.end().await.unwrap(), shipped());
    let took = began.elapsed();
    assert!(
        took >= Duration::from_hours(3) && took < Duration::from_mins(181),
        "{took:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_due_later_is_cancelled_at_once() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let runner = launch(&store, &shop).await;
    let later = Clock::tokio().now() + Duration::from_hours(3);
    let run = runner
        .start("o-1", input(), Placed)
        .at(later)
        .await
        .unwrap();
    runner.cancel("o-1").await.unwrap();
    assert!(matches!(run.end().await, Err(EndError::Failed(_))));
    assert_eq!(shop.log(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn of_runs_that_wait_for_a_place_the_highest_priority_is_first() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    shop.tell("charge", &[Act::WaitForOpening]);
    let runner = over(Arc::clone(&store), &shop).max_in_flight(1);
    let runner = runner.launch().await.unwrap();
    let first = runner.start("o-0", input(), Placed).await.unwrap();
    called(&shop, "charge o-0 1").await;
    for (id, priority) in [("o-1", -1), ("o-2", 0), ("o-3", 7)] {
        runner
            .start(id, input(), Placed)
            .priority(priority)
            .await
            .unwrap();
    }
    shop.open();
    assert!(first.end().await.is_ok());
    for id in ["o-1", "o-2", "o-3"] {
        let run = runner.get(id).await.unwrap().unwrap();
        assert!(run.end().await.is_ok());
    }
    let log = shop.log();
    let reserved: Vec<_> = log
        .iter()
        .filter(|call| call.starts_with("reserve"))
        .collect();
    let order = [
        "reserve o-0 1",
        "reserve o-3 1",
        "reserve o-2 1",
        "reserve o-1 1",
    ];
    assert_eq!(reserved, order);
}

#[tokio::test(start_paused = true)]
async fn a_start_says_whether_the_run_is_new() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let runner = launch(&store, &shop).await;
    let is_new = async || runner.start("o-1", input(), Placed).await.unwrap().is_new();
    assert_eq!([is_new().await, is_new().await], [true, false]);
    assert!(!runner.get("o-1").await.unwrap().unwrap().is_new());
}

#[tokio::test(start_paused = true)]
async fn a_run_that_has_ended_is_started_again_if_that_is_asked_for() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let runner = launch(&store, &shop).await;
    shop.tell("ship", &[Act::Fail]);
    let failed = runner.start("o-1", input(), Placed).await.unwrap();
    assert!(failed.end().await.is_err());
    let known = runner.start("o-1", input(), Placed).await.unwrap();
    assert!(known.end().await.is_err(), "it is the one that failed");
    let again = runner.start("o-1", input(), Placed).again().await.unwrap();
    assert!(again.is_new());
    assert_eq!(again.end().await.unwrap(), shipped());
    assert_eq!(
        runner.history("o-1").await.unwrap().len(),
        4,
        "its history begins anew"
    );
    // One that goes on is what it was.
    shop.tell("charge", &[Act::Wait]);
    runner.start("o-2", input(), Placed).await.unwrap();
    called(&shop, "charge o-2 1").await;
    let same = runner.start("o-2", input(), Placed).again().await.unwrap();
    assert!(!same.is_new());
}
