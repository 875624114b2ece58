//! A signal that leaves states in which a step runs and states that wait, by one list.

use std::sync::Arc;
use std::time::Duration;

use stateway::prelude::*;
use stateway::store::Store;
use stateway::{Clock, SignalError};
use tokio::time::sleep;

use super::claim::stores;

const SECOND: Duration = Duration::from_secs(1);

workflow! {
    #[durable(version = 1)]
    #[derive(Debug, PartialEq)]
    workflow Delivery {
        #[derive(Clone)]
        start Prepared { parcel: u32 };
        // Nothing runs here, so nothing is copied.
        state AwaitingCourier { parcel: u32 };
        done Delivered;
        failed Cancelled { parcel: u32, from: String };

        step pack: Prepared -> AwaitingCourier;
        signal pick_up: AwaitingCourier -> Delivered;
        signal cancel interrupts Prepared | AwaitingCourier -> Cancelled;
    }
}

struct Depot;

impl DeliverySteps for Depot {
    type Error = String;

    async fn pack(&self, prepared: Prepared, step: &Step<Pack>) -> Result<Pack, String> {
        sleep(SECOND * 60).await;
        let parcel = prepared.parcel;
        Ok(step.to(AwaitingCourier { parcel }))
    }

    async fn pick_up(&self, _: AwaitingCourier, step: &Step<OnPickUp>) -> Result<OnPickUp, String> {
        Ok(step.to(Delivered))
    }

    async fn cancel(&self, from: CancelFrom, step: &Step<OnCancel>) -> Result<OnCancel, String> {
        let (parcel, from) = match from {
            CancelFrom::Prepared(state) => (state.parcel, "Prepared"),
            CancelFrom::AwaitingCourier(state) => (state.parcel, "AwaitingCourier"),
        };
        let from = from.to_owned();
        Ok(step.to(Cancelled { parcel, from }))
    }
}

fn cancelled(from: &str) -> DeliveryEnd {
    let from = from.to_owned();
    DeliveryEnd::Cancelled(Cancelled { parcel: 7, from })
}

#[tokio::test(start_paused = true)]
async fn in_memory_the_signal_leaves_the_state_that_runs_and_the_one_that_waits() {
    for (after, from) in [(SECOND, "Prepared"), (SECOND * 61, "AwaitingCourier")] {
        let mut run = Delivery::start(Prepared { parcel: 7 }).run(&Depot);
        let remote = run.remote();
        let sends = async {
            sleep(after).await;
            remote.cancel().await
        };
        let (end, sent) = tokio::join!(run, sends);
        assert!(sent.is_ok());
        assert_eq!(end.unwrap(), cancelled(from));
    }
}

#[tokio::test(start_paused = true)]
async fn stored_the_signal_leaves_the_state_that_runs_and_the_one_that_waits() {
    for store in stores() {
        for (after, from) in [(SECOND, "Prepared"), (SECOND * 61, "AwaitingCourier")] {
            let runner = launch(&store).await;
            let run = runner
                .start(from, (), Prepared { parcel: 7 })
                .await
                .unwrap();
            sleep(after).await;
            let sent = run.cancel().await.unwrap();
            sent.applied().await.unwrap();
            assert_eq!(run.end().await.unwrap(), cancelled(from));
            let late = run.cancel().await.unwrap_err();
            assert!(matches!(late, SignalError::Ended { .. }), "{late:?}");
            runner.shut_down(SECOND).await;
        }
    }
}

async fn launch(store: &Arc<dyn Store>) -> Runner<Delivery> {
    let runner = Runner::<Delivery>::builder(Depot).clock(Clock::tokio());
    runner.store(Arc::clone(store)).launch().await.unwrap()
}
