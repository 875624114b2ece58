//! Ten states, the first and the last included, with a counter in each.

use std::hint::black_box;
use std::sync::atomic::Ordering;

use stateway::prelude::*;
use stateway::{RedbStore, Runner};

use crate::file::Flushes;
use crate::{Rate, runs, timed, transitions_a_second};

workflow! {
    #[durable(version = 1)]
    pub(crate) workflow Walk {
        input { number: u64 }

        start S0;
        state S1 { steps: u64 };
        state S2 { steps: u64 };
        state S3 { steps: u64 };
        state S4 { steps: u64 };
        state S5 { steps: u64 };
        state S6 { steps: u64 };
        state S7 { steps: u64 };
        state S8 { steps: u64 };
        done  S9 { steps: u64 };

        step to1 as To1: S0 -> S1;
        step to2 as To2: S1 -> S2;
        step to3 as To3: S2 -> S3;
        step to4 as To4: S3 -> S4;
        step to5 as To5: S4 -> S5;
        step to6 as To6: S5 -> S6;
        step to7 as To7: S6 -> S7;
        step to8 as To8: S7 -> S8;
        step to9 as To9: S8 -> S9;
    }
}

pub(crate) struct Legs;

impl WalkSteps for Legs {
    type Error = String;

    async fn to1(&self, _: S0, step: &Step<To1>) -> Result<To1, String> {
        Ok(step.to(S1 {
            steps: black_box(1),
        }))
    }

    async fn to2(&self, at: S1, step: &Step<To2>) -> Result<To2, String> {
        Ok(step.to(S2 {
            steps: at.steps + 1,
        }))
    }

    async fn to3(&self, at: S2, step: &Step<To3>) -> Result<To3, String> {
        Ok(step.to(S3 {
            steps: at.steps + 1,
        }))
    }

    async fn to4(&self, at: S3, step: &Step<To4>) -> Result<To4, String> {
        Ok(step.to(S4 {
            steps: at.steps + 1,
        }))
    }

    async fn to5(&self, at: S4, step: &Step<To5>) -> Result<To5, String> {
        Ok(step.to(S5 {
            steps: at.steps + 1,
        }))
    }

    async fn to6(&self, at: S5, step: &Step<To6>) -> Result<To6, String> {
        Ok(step.to(S6 {
            steps: at.steps + 1,
        }))
    }

    async fn to7(&self, at: S6, step: &Step<To7>) -> Result<To7, String> {
        Ok(step.to(S7 {
            steps: at.steps + 1,
        }))
    }

    async fn to8(&self, at: S7, step: &Step<To8>) -> Result<To8, String> {
        Ok(step.to(S8 {
            steps: at.steps + 1,
        }))
    }

    async fn to9(&self, at: S8, step: &Step<To9>) -> Result<To9, String> {
        Ok(step.to(S9 {
            steps: at.steps + 1,
        }))
    }
}

/// About how many runs make up a second's work.
pub(crate) fn runs_a_second(at_once: u64) -> u64 {
    400 * (1 + at_once.min(30))
}

#[expect(clippy::cast_precision_loss, reason = "they are small")]
pub(crate) async fn rate(at_once: u64) -> Rate {
    let (file, flushes) = Flushes::of("stateway");
    let store = RedbStore::options()
        .open_backend(file)
        .expect("the file is new");
    let runner = Runner::<Walk>::builder(Legs).store(store).launch().await;
    let runner = runner.expect("the store is there");
    let runs = runs(at_once, runs_a_second(at_once));
    let before = flushes.load(Ordering::Relaxed);
    let elapsed = timed(at_once, runs, |number| {
        let runner = runner.clone();
        async move {
            let run = runner
                .start(format!("run-{number}"), WalkInput { number }, S0)
                .await;
            let end = run.expect("it starts").end().await;
            assert!(
                matches!(end, Ok(WalkEnd::S9(S9 { steps: 9 }))),
                "{end:?}",
                end = end.err()
            );
        }
    })
    .await;
    let flushes = flushes.load(Ordering::Relaxed) - before;
    Rate {
        transitions: transitions_a_second(runs, elapsed),
        rows_a_flush: Some((runs * 9) as f64 / flushes as f64),
    }
}
