//! A store in a file under tokio's paused clock: time does not run away while the disk works.

use std::time::Duration;

use stateway::RedbStore;
use stateway::prelude::*;
use tokio::time::Instant;

use crate::support::shop::*;

workflow! {
    #[durable(version = 1)]
    #[derive(Debug)]
    workflow Sprint {
        start Begun;
        state Halfway;
        done  Ended;
        step dash: Begun -> Halfway with timeout(20ms);
        step finish: Halfway -> Ended with deadline(20ms);
        deadline 100ms;
    }
}

struct Runs;

impl SprintSteps for Runs {
    type Error = String;

    async fn dash(&self, _: Begun, step: &Step<Dash>) -> Result<Dash, String> {
        tokio::time::sleep(Duration::from_millis(10)).await;
        Ok(step.to(Halfway))
    }

    async fn finish(&self, _: Halfway, step: &Step<Finish>) -> Result<Finish, String> {
        Ok(step.to(Ended))
    }
}

#[tokio::test(start_paused = true)]
async fn no_timer_fires_while_the_disk_works() {
    let folder = tempfile::tempdir().unwrap();
    let store = RedbStore::open(folder.path().join("runs.redb")).unwrap();
    let runner = Runner::<Sprint>::builder(Runs).clock(stateway::Clock::tokio());
    let runner = runner.store(store).launch().await.unwrap();
    for number in 0..20 {
        let began = Instant::now();
        let run = runner.start(format!("s-{number}"), (), Begun).await;
        let ended = run.unwrap().end().await;
        assert!(ended.is_ok(), "{ended:?}");
        assert!(
            began.elapsed() <= Duration::from_millis(12),
            "only its handler takes time: {:?}",
            began.elapsed()
        );
    }
}

/// Long waits take no time here either.
#[tokio::test(start_paused = true)]
async fn what_waits_for_long_is_waited_for_in_no_time() {
    let folder = tempfile::tempdir().unwrap();
    let store = RedbStore::open(folder.path().join("runs.redb")).unwrap();
    let shop = Shop::new();
    shop.tell("charge", &[Act::Fail, Act::Fail]);
    let runner = over(store, &shop).launch().await.unwrap();
    let began = Instant::now();
    let run = runner.start("o-1", input(), Placed).await.unwrap();
    assert_eq!(run.end().await.unwrap(), shipped());
    let took = began.elapsed();
    assert!((60..=180).contains(&took.as_secs()), "{took:?}");
}
