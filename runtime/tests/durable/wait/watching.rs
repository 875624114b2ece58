//! Who follows a stored run, and who sends it a signal as it is started.

use std::sync::Arc;
use std::time::Duration;

use stateway::Clock;
use stateway::prelude::*;
use stateway::runner::{Run, StartError, WatchError};
use stateway::store::{Event, Status, Store};
use stateway::{Graph, SignalError};

use super::basket::*;
use super::claim::stores;

const SECOND: Duration = Duration::from_secs(1);

async fn launched(store: &Arc<dyn Store>) -> Runner<Basket> {
    let runner = Runner::<Basket>::builder(Shop::default()).clock(Clock::tokio());
    runner.store(Arc::clone(store)).launch().await.unwrap()
}

async fn started(runner: &Runner<Basket>) -> Run<Basket> {
    let open = Open { items: Vec::new() };
    runner.start("b-1", (), open).await.unwrap()
}

fn name(basket: &AnyBasket) -> String {
    match basket {
        AnyBasket::Open(open) => format!("open with {}", open.items.len()),
        AnyBasket::Packed(_) => "packed".into(),
        AnyBasket::Paid(_) => "paid".into(),
        AnyBasket::Dropped(_) => "dropped".into(),
    }
}

#[tokio::test(start_paused = true)]
async fn every_state_is_seen_once_and_in_order_until_the_end() {
    for store in stores() {
        let runner = launched(&store).await;
        let run = started(&runner).await;
        let mut changes = run.changes().await.unwrap();
        let follows = tokio::spawn(async move {
            let mut seen = Vec::new();
            while let Some(basket) = changes.next().await.unwrap() {
                seen.push(name(&basket));
            }
            assert!(changes.next().await.unwrap().is_none());
            seen
        });
        for item in ["cup", "plate"] {
            run.add(item.into()).await.unwrap();
        }
        run.pack().await.unwrap();
        run.pay(200).await.unwrap();
        let seen = follows.await.unwrap();
        let all = [
            "open with 0",
            "open with 1",
            "open with 2",
            "packed",
            "paid",
        ];
        assert_eq!(seen, all);
        // Of a run that has ended there is the end.
        let mut changes = run.changes().await.unwrap();
        assert_eq!(name(&changes.next().await.unwrap().unwrap()), "paid");
        assert!(changes.next().await.unwrap().is_none());
        runner.shut_down(SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_state_is_waited_for_and_may_be_passed_in_between() {
    for store in stores() {
        let runner = launched(&store).await;
        let run = started(&runner).await;
        let other = run.clone();
        let packed = tokio::spawn(async move {
            let packed = other.reached(|basket| matches!(basket, AnyBasket::Packed(_)));
            packed.await.map(|basket| name(&basket))
        });
        tokio::task::yield_now().await;
        run.add("cup".into()).await.unwrap();
        run.pack().await.unwrap();
        run.pay(100).await.unwrap();
        assert_eq!(packed.await.unwrap().unwrap(), "packed");
        let dropped = run.reached(|basket| matches!(basket, AnyBasket::Dropped(_)));
        let dropped = dropped.await.map(|basket| name(&basket));
        let Err(WatchError::Ended { status, .. }) = dropped else {
            panic!("it is paid: {dropped:?}")
        };
        assert_eq!(status, Status::Done);
        runner.shut_down(SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_follows_a_run_is_told_that_the_runner_shuts_down_and_that_it_is_gone() {
    for store in stores() {
        let runner = launched(&store).await;
        let run = started(&runner).await;
        let mut changes = run.changes().await.unwrap();
        let _ = changes.next().await.unwrap();
        let follows = tokio::spawn(async move { (changes.next().await.map(|_| ()), changes) });
        tokio::time::sleep(SECOND).await;
        runner.shut_down(SECOND).await;
        let (told, mut changes) = follows.await.unwrap();
        assert!(matches!(told, Err(WatchError::ShutDown { .. })), "{told:?}");
        let runner = launched(&store).await;
        let run = runner.get("b-1").await.unwrap().unwrap();
        run.forget().await.unwrap();
        let _ = run.end().await.unwrap();
        tokio::time::sleep(SECOND * 2).await;
        runner.purge(SECOND).await.unwrap();
        started(&runner).await;
        let gone = changes.next().await.map(|_| ());
        assert!(matches!(gone, Err(WatchError::NotFound { .. })), "{gone:?}");
        runner.shut_down(SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_may_be_started_with_signals_which_it_takes_in_order() {
    for store in stores() {
        let runner = launched(&store).await;
        let open = || Open { items: Vec::new() };
        let start = || {
            let start = runner.start("b-1", (), open());
            let start = start.with_signal(|run| run.add("cup".into()));
            start.with_signal(|run| run.pack().message_id("m-2"))
        };
        let run = start().await.unwrap();
        assert!(run.is_new());
        // Started again, nothing is sent.
        assert!(!start().await.unwrap().is_new());
        let sent = run.pack().message_id("m-2").await.unwrap();
        assert!(!sent.is_new);
        assert_eq!(sent.answered().await.unwrap(), ["cup"]);
        let rows = runner.history("b-1").await.unwrap();
        let messages = rows.iter().filter_map(|row| match &row.event {
            Event::Transition { message, .. } => message.clone(),
            _ => None,
        });
        assert_eq!(messages.collect::<Vec<_>>(), ["start/add", "m-2"]);
        runner.shut_down(SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_is_not_started_with_a_signal_that_it_never_takes() {
    let [store, _] = stores();
    let runner = launched(&store).await;
    let graph: &Graph = Basket::GRAPH;
    assert_eq!(graph.states[1].name, "Packed");
    // From its start every signal of this workflow can be taken; from `Paid` none.
    let start = runner.start("b-1", (), Open { items: Vec::new() });
    let run = start.with_signal(|run| run.pay(1)).await.unwrap();
    assert!(run.is_new());
    let other = Runner::<Once>::builder(Door).store(Arc::clone(&store));
    let other = other.launch().await.unwrap();
    let start = other.start("o-1", (), Ajar).with_signal(OnceSignals::knock);
    let refused = start.await.map(|run| run.id().clone());
    let Err(StartError::Signal(SignalError::NeverAccepted { signal, state, .. })) = refused else {
        panic!("it leads elsewhere: {refused:?}")
    };
    assert_eq!((signal, &*state), ("knock", "Ajar"));
    assert!(other.get("o-1").await.unwrap().is_none());
    runner.shut_down(SECOND).await;
    other.shut_down(SECOND).await;
}

workflow! {
    #[durable(version = 1)]
    workflow Once {
        start Shut;
        start Ajar;
        done Opened;

        signal knock: Shut -> Opened;
        signal push: Ajar -> Opened;
    }
}

struct Door;

impl OnceSteps for Door {
    type Error = String;

    async fn knock(&self, _: Shut, step: &Step<OnKnock>) -> Result<OnKnock, String> {
        Ok(step.to(Opened))
    }

    async fn push(&self, _: Ajar, step: &Step<OnPush>) -> Result<OnPush, String> {
        Ok(step.to(Opened))
    }
}
