//! The outcome and the answer that the sender of a signal gets.

use std::sync::Arc;
use std::time::Duration;

use stateway::prelude::*;
use stateway::runner::{NotApplied, Run};
use stateway::store::{Event, Status, Store};
use stateway::{Clock, RunGone, SignalError};
use tokio::time::sleep;

use super::basket::*;
use super::claim::stores;

fn basket() -> Basket<Open> {
    Basket::start(Open { items: Vec::new() })
}

async fn launched(store: &Arc<dyn Store>) -> Runner<Basket> {
    let shop = Shop::default();
    *shop.stumbles.lock().unwrap() = true;
    let runner = Runner::<Basket>::builder(shop).clock(Clock::tokio());
    runner.store(Arc::clone(store)).launch().await.unwrap()
}

async fn started(runner: &Runner<Basket>) -> Run<Basket> {
    let open = Open { items: Vec::new() };
    runner.start("b-1", (), open).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn in_memory_the_sender_gets_the_answer() {
    let shop = Shop::default();
    *shop.stumbles.lock().unwrap() = true;
    let mut run = basket().run(&shop);
    let remote = run.remote();
    let asks = async {
        let mut counts = Vec::new();
        for item in ["cup", "glass", "plate", "vase"] {
            counts.push(remote.add(item.into()).answered().await.unwrap());
        }
        assert_eq!(counts, [Ok(1), Ok(2), Ok(3), Err(Full { most: 3 })]);
        let packed = remote.pack().answered().await.unwrap();
        assert_eq!(packed, ["cup", "glass", "plate"]);
        assert_eq!(remote.pay(350).answered().await.unwrap(), 50);
    };
    let (end, ()) = tokio::join!(run, asks);
    assert_eq!(end.unwrap(), BasketEnd::Paid(Paid { cents: 300 }));
    let RunGone { .. } = remote.pay(1).answered().await.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn in_memory_a_signal_that_nothing_takes_has_no_answer() {
    let shop = Shop::default();
    let mut run = basket().run(&shop);
    let remote = run.remote();
    let asks = async {
        let (paid, forgotten) = tokio::join!(remote.pay(1).answered(), remote.forget());
        let RunGone { .. } = paid.unwrap_err();
        forgotten.unwrap();
    };
    let (end, ()) = tokio::join!(run, asks);
    assert_eq!(end.unwrap(), BasketEnd::Dropped(Dropped));
}

#[test]
fn by_hand_the_answer_stands_beside_the_machine() {
    let (open, count) = basket().add("cup".into(), |open, item| {
        open.items.push(item);
        Ok(open.items.len())
    });
    assert_eq!(count, Ok(1));
    let (packed, items) = open.pack(|open| {
        let items = open.items.clone();
        (Packed { items: open.items }, items)
    });
    assert_eq!((packed.items.len(), items.len()), (1, 1));
    let (paid, change) = packed.pay(350, |_, cents| (Paid { cents: 300 }, cents - 300));
    assert_eq!((paid.cents, change), (300, 50));
}

#[tokio::test(start_paused = true)]
async fn stored_the_sender_gets_the_outcome_and_the_answer() {
    for store in stores() {
        let runner = launched(&store).await;
        let run = started(&runner).await;
        let mut counts = Vec::new();
        for item in ["cup", "glass", "plate", "vase"] {
            counts.push(run.add(item.into()).answered().await.unwrap());
        }
        assert_eq!(counts, [Ok(1), Ok(2), Ok(3), Err(Full { most: 3 })]);
        let sent = run.pack().message_id("m-1").await.unwrap();
        let items: Vec<String> = ["cup", "glass", "plate"].map(String::from).into();
        let packed = OnPack::Packed(Packed {
            items: items.clone(),
        });
        assert_eq!(sent.applied().await.unwrap(), packed);
        assert_eq!(sent.answered().await.unwrap(), items);
        // Of a signal that stays there is no outcome but that it was taken.
        let again = run.pack().message_id("m-1").await.unwrap();
        assert!(!again.is_new);
        assert_eq!(again.answered().await.unwrap(), items);
        let json = runner.signal_json("b-1", "pay", "350").await.unwrap();
        let applied = json.applied().await.unwrap();
        assert_eq!((&*applied.transition, &*applied.state), ("pay", "Paid"));
        assert_eq!(
            run.end().await.unwrap(),
            BasketEnd::Paid(Paid { cents: 300 })
        );
        // Also when the run has ended.
        assert_eq!(sent.applied().await.unwrap(), packed);
        runner.shut_down(Duration::from_secs(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_there_after_a_restart_and_for_another_runner() {
    for store in stores() {
        let runner = launched(&store).await;
        let run = started(&runner).await;
        runner.shut_down(Duration::from_secs(1)).await;
        let sent = run.add("cup".into()).message_id("m-1").await.unwrap();
        let shut = sent.answered().await;
        assert!(matches!(shut, Err(NotApplied::ShutDown { .. })), "{shut:?}");
        let runner = launched(&store).await;
        let run = runner.get("b-1").await.unwrap().unwrap();
        let again = run.add("cup".into()).message_id("m-1").await.unwrap();
        assert_eq!(again.answered().await.unwrap(), Ok(1));
        let () = again.applied().await.unwrap();
        let AnyBasket::Open(open) = run.state().await.unwrap() else {
            panic!("it is open")
        };
        assert_eq!(open.items, ["cup"]);
        runner.shut_down(Duration::from_secs(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_signal_that_is_left_is_told_and_the_history_names_it() {
    for store in stores() {
        let runner = launched(&store).await;
        let run = started(&runner).await;
        let sent = run.pay(500).message_id("m-1").await.unwrap();
        let waits = tokio::spawn(async move { sent.answered().await });
        sleep(Duration::from_secs(1)).await;
        assert!(!waits.is_finished());
        run.forget().await.unwrap();
        let left = waits.await.unwrap();
        let Err(NotApplied::Ended { run: id, status }) = left else {
            panic!("it is left: {left:?}")
        };
        assert_eq!((id, status), ("b-1".parse().unwrap(), Status::Done));
        let rows = runner.history("b-1").await.unwrap();
        let last = rows.last().unwrap();
        assert!(matches!(last.event, Event::Transition { .. }));
        assert_eq!((&*last.left[0].id, &*last.left[0].signal), ("m-1", "pay"));
        assert_eq!(last.left.len(), 1);
        // As of one that is refused.
        let refused = run.pay(500).answered().await;
        let is_refused = matches!(refused, Err(NotApplied::NotSent(SignalError::Ended { .. })));
        assert!(is_refused, "{refused:?}");
        runner.shut_down(Duration::from_secs(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_signal_whose_handler_fails_is_told() {
    for store in stores() {
        let runner = launched(&store).await;
        let run = started(&runner).await;
        run.add("cup".into()).await.unwrap();
        run.pack().await.unwrap();
        let failed = run.pay(1).answered().await;
        let Err(NotApplied::Ended { status, .. }) = failed else {
            panic!("it has failed: {failed:?}")
        };
        assert_eq!(status, Status::Failed);
        runner.shut_down(Duration::from_secs(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_run_that_is_purged_is_told() {
    for store in stores() {
        let runner = launched(&store).await;
        let run = started(&runner).await;
        let sent = run.forget().await.unwrap();
        assert_eq!(run.end().await.unwrap(), BasketEnd::Dropped(Dropped));
        sleep(Duration::from_secs(2)).await;
        runner.purge(Duration::from_secs(1)).await.unwrap();
        let gone = sent.applied().await;
        assert!(matches!(gone, Err(NotApplied::NotFound { .. })), "{gone:?}");
        // Another run with its id has another message.
        started(&runner).await;
        let gone = sent.applied().await;
        assert!(matches!(gone, Err(NotApplied::NotFound { .. })), "{gone:?}");
        runner.shut_down(Duration::from_secs(1)).await;
    }
}
