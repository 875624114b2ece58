//! The version of a workflow, where it is stored.

use std::convert::Infallible;
use std::sync::Arc;

use stateway::MemoryStore;
use stateway::prelude::*;
use stateway::store::Event;

workflow! {
    #[durable(version = 3)]
    workflow Parcel {
        start Packed;
        done  Sent;
        step post: Packed -> Sent;
    }
}

struct Office;

impl ParcelSteps for Office {
    type Error = Infallible;

    async fn post(&self, _: Packed, step: &Step<Post>) -> Result<Post, Infallible> {
        Ok(step.to(Sent))
    }
}

#[tokio::test(start_paused = true)]
async fn a_transition_names_the_version_under_which_it_was_taken() {
    let store = Arc::new(MemoryStore::new());
    let runner = Runner::<Parcel>::builder(Office)
        .store(store)
        .launch()
        .await;
    let runner = runner.unwrap();
    let run = runner.start("p-1", (), Packed).await.unwrap();
    assert!(run.end().await.is_ok());
    assert_eq!(run.info().await.unwrap().version, 3);
    let history = runner.history("p-1").await.unwrap();
    let Event::Transition { version, .. } = history[1].event else {
        panic!("{history:?}")
    };
    assert_eq!(version, 3);
}
