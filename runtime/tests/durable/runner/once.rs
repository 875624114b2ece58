//! `with once`: a handler that is never called a second time, whatever happens to its process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use stateway::prelude::*;
use stateway::store::{FailureKind, Store};
use stateway::testing::{Crash, Crashes};
use stateway::{Clock, MemoryStore};
use tokio::time::sleep;

workflow! {
    #[derive(Debug, Clone, PartialEq)]
    #[durable(version = 1)]
    workflow Transfer {
        start Asked;
        state Sent { known: bool };
        state Booked { known: bool, entries: u32 };
        state Weighed { known: bool, entries: u32 };
        done Closed { known: bool, entries: u32 };
        failed Lost;

        step send as SendOff: Asked -> Sent with once, timeout(1m), catch(in_doubt);
        split book: Sent -> Booked {
            branch here: u32 with once;
            branch there: u32 with once, timeout(1m);
            join settled;
        }
        signal weigh(u32): Booked -> Weighed | Lost with once, else Lost;
        step close: Weighed -> Closed with once;
    }
}

/// Counts the calls of each handler by their keys.
#[derive(Clone, Default)]
struct Bank(Arc<Mutex<BTreeMap<String, u32>>>);

impl Bank {
    async fn is_called(&self, key: impl std::fmt::Display) {
        *self.0.lock().unwrap().entry(key.to_string()).or_default() += 1;
        sleep(Duration::from_secs(1)).await;
    }

    fn most(&self) -> u32 {
        self.0.lock().unwrap().values().copied().max().unwrap_or(0)
    }
}

impl TransferSteps for Bank {
    type Error = String;

    async fn send(&self, _: Asked, step: &Step<SendOff>) -> Result<SendOff, String> {
        self.is_called(step.key()).await;
        Ok(step.to(Sent { known: true }))
    }

    async fn in_doubt(
        &self,
        _: Asked,
        cause: Cause<String>,
        step: &Step<SendOff>,
    ) -> Result<SendOff, String> {
        assert!(matches!(cause, Cause::Crashed), "{cause:?}");
        Ok(step.to(Sent { known: false }))
    }

    async fn here(&self, _: &Sent, branch: &Branch<Book>) -> Result<u32, String> {
        self.is_called(branch.key()).await;
        Ok(1)
    }

    async fn there(&self, _: &Sent, branch: &Branch<Book>) -> Result<u32, String> {
        self.is_called(branch.key()).await;
        Ok(10)
    }

    async fn book(
        &self,
        sent: Sent,
        joined: BookJoined<String>,
        step: &Step<Book>,
    ) -> Result<Book, String> {
        let entries = [joined.here, joined.there]
            .into_iter()
            .map(|ended| match ended {
                Branched::Done(entries) => entries,
                Branched::Failed(error) => {
                    assert!(matches!(error.cause(), Cause::Crashed), "{error:?}");
                    100
                }
                Branched::Cancelled => panic!("nothing is cancelled"),
            });
        let (known, entries) = (sent.known, entries.sum());
        Ok(step.to(Booked { known, entries }))
    }

    async fn weigh(&self, it: Booked, grams: u32, step: &Step<OnWeigh>) -> Result<OnWeigh, String> {
        self.is_called(step.key()).await;
        let (known, entries) = (it.known, it.entries + grams);
        Ok(step.to(Weighed { known, entries }))
    }

    async fn close(&self, it: Weighed, step: &Step<Close>) -> Result<Close, String> {
        self.is_called(step.key()).await;
        let (known, entries) = (it.known, it.entries);
        Ok(step.to(Closed { known, entries }))
    }
}

/// Takes a run to its end, as far as the store answers.
async fn ends(store: Arc<dyn Store>, bank: &Bank) -> Result<TransferEnd, EndError> {
    let runner = Runner::<Transfer>::builder(bank.clone()).clock(Clock::tokio());
    let runner = runner.store(store).launch().await.unwrap();
    let run = loop {
        // A caller that gets no answer asks again.
        if let Ok(run) = runner.start("t-1", (), Asked).await {
            break run;
        }
    };
    let weighs = async {
        while let Err(stateway::SignalError::Store(_)) = run.weigh(1_000).message_id("m").await {
            sleep(Duration::from_millis(10)).await;
        }
    };
    weighs.await;
    run.end().await
}

#[tokio::test(start_paused = true)]
async fn no_handler_is_called_twice_wherever_its_process_dies() {
    let (mut ends_seen, mut failed) = (Vec::new(), 0);
    for crash in Crash::ALL {
        for n in 1.. {
            let bank = Bank::default();
            let crashes = Crashes::new(MemoryStore::new()).at(n, crash);
            let first = tokio::select! {
                ended = ends(Arc::new(crashes.clone()), &bank) => Some(ended),
                () = crashes.crashed() => None,
            };
            let ended = match first {
                Some(ended) => ended,
                None => ends(Arc::new(crashes.restarted()), &bank).await,
            };
            assert!(
                bank.most() <= 1,
                "{crash:?} at {n}: {bank:?}",
                bank = bank.0
            );
            match ended {
                Ok(end) => ends_seen.push(end),
                Err(EndError::Failed(failure)) => {
                    let kind = failure.failure.unwrap().kind;
                    assert_eq!(kind, FailureKind::Crashed, "{crash:?} at {n}");
                    failed += 1;
                }
                Err(error) => panic!("{crash:?} at {n}: {error}"),
            }
            if crashes.operations() < n {
                break;
            }
        }
    }
    let closed = |known, entries| TransferEnd::Closed(Closed { known, entries });
    for end in [
        closed(true, 1_011),
        // The process died in `send`, in `here`, in `there`, in `weigh`.
        closed(false, 1_011),
        closed(true, 1_110),
        closed(true, 1_101),
        TransferEnd::Lost(Lost),
    ] {
        assert!(
            ends_seen.contains(&end),
            "{end:?} is not among {ends_seen:?}"
        );
    }
    assert!(failed > 0, "it died in `close` once, which has no `catch`");
}

#[tokio::test(start_paused = true)]
async fn in_memory_it_changes_nothing() {
    let bank = Bank::default();
    let mut run = Transfer::start(Asked).run(&bank);
    run.remote().weigh(1_000).await.unwrap();
    let end = run.await.unwrap();
    let (known, entries) = (true, 1_011);
    assert_eq!(end, TransferEnd::Closed(Closed { known, entries }));
    assert_eq!(bank.most(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_failure_says_that_its_process_died() {
    for n in 1.. {
        let bank = Bank::default();
        let crashes = Crashes::new(MemoryStore::new()).at(n, Crash::Before);
        let first = tokio::select! {
            ended = ends(Arc::new(crashes.clone()), &bank) => Some(ended),
            () = crashes.crashed() => None,
        };
        assert!(first.is_none(), "it dies in `close` before it ends");
        if let Err(error) = ends(Arc::new(crashes.restarted()), &bank).await {
            let text = error.to_string();
            let expected = "was running when its process died, in state `Weighed` at `close`";
            assert!(text.contains(expected), "{text}");
            return;
        }
    }
}
