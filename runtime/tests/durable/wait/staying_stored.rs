//! In a store: what happens to a run that waits and stays in its state.

use std::sync::Arc;

use stateway::prelude::*;
use stateway::store::{Event, Status};
use tokio::time::sleep;

use super::claim::stores;
use super::parcel::*;

/// A parcel that was sent, with a call due in `call` minutes.
async fn sent(runner: &Runner<Parcel>, call: u32) -> stateway::runner::Run<Parcel> {
    let run = runner.start("p-1", (), Packed).await.unwrap();
    run.send(MINUTE * call).await.unwrap();
    run
}

/// The transitions of the run, by name.
async fn transitions(runner: &Runner<Parcel>) -> Vec<String> {
    let rows = runner.history("p-1").await.unwrap();
    let names = rows.into_iter().filter_map(|row| match row.event {
        Event::Transition { transition, .. } => Some(transition.into_owned()),
        _ => None,
    });
    names.collect()
}

#[tokio::test(start_paused = true)]
async fn a_poll_keeps_its_pauses_over_restarts_and_leaves_no_history() {
    for store in stores() {
        let depot = Arc::new(Depot::new(5));
        let runner = launch(&store, &depot).await;
        let run = sent(&runner, 1_000).await;
        sleep(MINUTE * 4).await;
        assert_eq!(run.info().await.unwrap().status, Status::Running);
        runner.shut_down(MINUTE).await;
        // The third was due in this time: it is made when the runner is there again.
        sleep(MINUTE * 8).await;
        let runner = launch(&store, &depot).await;
        let run = runner.get("p-1").await.unwrap().unwrap();
        let _ = run.end().await.unwrap();
        assert_eq!(depot.minutes("track"), [0, 3, 12, 24, 36]);
        let mut names = transitions(&runner).await;
        names.retain(|name| name != "remind" && name != "nudge");
        assert_eq!(names, ["send", "track"]);
        runner.shut_down(MINUTE).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_asking_that_has_failed_before_a_restart_goes_on_with_its_attempts() {
    for store in stores() {
        let mut depot = Depot::new(3);
        depot.unreachable = vec![1];
        let depot = Arc::new(depot);
        let runner = launch(&store, &depot).await;
        sent(&runner, 1_000).await;
        sleep(MINUTE / 12).await;
        runner.shut_down(MINUTE).await;
        let runner = launch(&store, &depot).await;
        let run = runner.get("p-1").await.unwrap().unwrap();
        let _ = run.end().await.unwrap();
        // Twice in the first minute; what failed then is forgotten when it was answered.
        assert_eq!(depot.minutes("track"), [0, 0, 3]);
        let rows = runner.history("p-1").await.unwrap();
        assert!(rows.last().unwrap().failed_attempts.is_empty());
        runner.shut_down(MINUTE).await;
    }
}

#[tokio::test(start_paused = true)]
async fn timers_that_stay_keep_their_rhythm_over_restarts_and_postpone_nothing() {
    for store in stores() {
        let depot = Arc::new(Depot::new(u32::MAX));
        let runner = launch(&store, &depot).await;
        sent(&runner, 7).await;
        sleep(MINUTE * 12).await;
        runner.shut_down(MINUTE).await;
        sleep(MINUTE * 23).await;
        let runner = launch(&store, &depot).await;
        let run = runner.get("p-1").await.unwrap().unwrap();
        assert_eq!(run.end().await.unwrap(), ParcelEnd::Lost(Lost));
        // Of those that were missed one is made up for.
        assert_eq!(
            depot.minutes("remind"),
            [10, 35, 40, 50, 60, 70, 80, 90, 100, 110, 120]
        );
        assert_eq!(depot.minutes("nudge"), [35]);
        assert_eq!(depot.minutes("call"), [7, 35, 47]);
        assert_eq!(depot.said("recalled"), ["recalled with 0 notes"]);
        let names = transitions(&runner).await;
        assert_eq!(names.iter().filter(|name| *name == "remind").count(), 11);
        runner.shut_down(MINUTE).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_signal_that_stays_is_recorded_and_the_state_counts_as_entered_when_it_was() {
    for store in stores() {
        let depot = Arc::new(Depot::new(u32::MAX));
        *depot.refuses.lock().unwrap() = 1;
        let runner = launch(&store, &depot).await;
        let run = sent(&runner, 1_000).await;
        sleep(MINUTE).await;
        let entered = run.info().await.unwrap().entered;
        run.note(Note {
            text: "fragile".into(),
        })
        .message_id("m-1")
        .await
        .unwrap();
        sleep(MINUTE / 2).await;
        // Between its two attempts.
        runner.shut_down(MINUTE).await;
        let runner = launch(&store, &depot).await;
        let run = runner.get("p-1").await.unwrap().unwrap();
        sleep(MINUTE).await;
        let info = run.info().await.unwrap();
        assert_eq!((&*info.state, info.entered), ("Sent", entered));
        let AnyParcel::Sent(sent) = run.state().await.unwrap() else {
            panic!("it is on its way")
        };
        assert_eq!(sent.notes, ["fragile in attempt 2"]);
        let rows = runner.history("p-1").await.unwrap();
        let Event::Transition {
            transition,
            internal,
            message,
            attempts,
            ..
        } = &rows.last().unwrap().event
        else {
            panic!("it was recorded")
        };
        assert_eq!((&**transition, *internal, *attempts), ("note", true, 2));
        assert_eq!(message.as_deref(), Some("m-1"));
        assert_eq!(run.end().await.unwrap(), ParcelEnd::Lost(Lost));
        runner.shut_down(MINUTE).await;
    }
}
