//! States that are made of the machine, by the deadline and by `else`.

use std::sync::Arc;
use std::time::Duration;

use stateway::prelude::*;
use stateway::store::{Event, Store as _};
use stateway::testing::Crashes;
use stateway::{Clock, SignalError, StartError};

use super::at_each_operation;
use crate::wait::late_machine::*;

/// Takes a run from where it is to its end: it starts it and sends its signal, again if it may have been sent.
async fn goes_late(crashes: Crashes, bank: Arc<Bank>) -> LoanEnd {
    let runner = Runner::<Loan>::shared(bank).store(crashes);
    let runner = runner.clock(Clock::tokio()).max_crashes(100).launch();
    let runner = runner.await.expect("the store is there");
    let run = loop {
        let input = LoanInput { customer: 5 };
        match runner.start("l-1", input, Asked { sum: 7 }).await {
            Ok(run) => break run,
            Err(error) => assert!(matches!(error, StartError::Store(_)), "{error}"),
        }
    };
    loop {
        match run.rate(9).message_id("m-1").await {
            // After a crash it may be late already.
            Ok(_) | Err(SignalError::Ended { .. } | SignalError::NeverAccepted { .. }) => break,
            Err(error) => assert!(matches!(error, SignalError::Store(_)), "{error}"),
        }
    }
    run.end().await.expect("nothing of it fails")
}

async fn taken(store: &Crashes, run: &str) -> Vec<String> {
    let id = run.parse().unwrap();
    let rows = store.history(&id, 0, 1_000).await.unwrap();
    let taken = rows.into_iter().filter_map(|row| match row.event {
        Event::Transition { transition, .. } => Some(transition.to_string()),
        _ => None,
    });
    taken.collect()
}

#[tokio::test(start_paused = true)]
async fn the_state_of_a_deadline_is_made_of_what_is_stored_whatever_crashes() {
    let operations = at_each_operation(goes_late, async |ended, _, store: Crashes| {
        let (was, score) = ("Rated".to_owned(), Some(9));
        assert_eq!(ended, LoanEnd::Closed(Closed { was, score }));
        assert_eq!(
            taken(&store, "l-1").await,
            ["check", "rate", "deadline", "close"]
        );
    })
    .await;
    assert!(operations > 20, "{operations}");
}

mod fallback {
    use super::*;
    use crate::runner::fallback::*;

    async fn gives_up(crashes: Crashes, office: Arc<Office>) -> ErrandEnd {
        let runner = Runner::<Errand>::shared(office).store(crashes);
        let runner = runner.clock(Clock::tokio()).max_crashes(100);
        let runner = runner.wait_in_store_from(Duration::from_secs(1)).launch();
        let runner = runner.await.expect("the store is there");
        let run = loop {
            let input = ErrandInput { customer: 7 };
            match runner.start("e-1", input, Begun).await {
                Ok(run) => break run,
                Err(error) => assert!(matches!(error, StartError::Store(_)), "{error}"),
            }
        };
        run.end().await.expect("it gives up")
    }

    #[tokio::test(start_paused = true)]
    async fn the_state_of_an_else_is_made_of_what_is_stored_whatever_crashes() {
        let operations = at_each_operation(gives_up, async |ended, _, store: Crashes| {
            let (customer, cents) = (7, 250);
            assert_eq!(ended, ErrandEnd::GivenUp(GivenUp { customer, cents }));
            assert_eq!(taken(&store, "e-1").await, ["pay", "post"]);
        })
        .await;
        assert!(operations > 20, "{operations}");
    }
}
