//! Numbers and times of clauses that a state or the input says.

use std::num::NonZeroU32;
use std::sync::Mutex;
use std::time::Duration;

use stateway::prelude::*;
use stateway::{Given, Scope};
use tokio::time::{Instant, sleep};

const SECOND: Duration = Duration::from_secs(1);

workflow! {
    #[derive(Debug, Clone, PartialEq)]
    workflow Order {
        input { tries: u8, pause: Duration }

        start  Asked { limit: Duration, patience: Duration };
        state  Charged { low: Duration, high: Duration, refunds: NonZeroU32 };
        done   Sent;
        failed Refused;

        step charge: Asked -> Charged
            with retry(input.tries, every input.pause), timeout(limit), deadline(patience),
                undo(refund, retry(refunds, every 1s), timeout(input.pause));
        step send: Charged -> Sent | Refused with retry(4, backoff low..high, no jitter);
    }
}

/// Handlers that fail, hang or say no, and note when they were called.
#[derive(Default)]
pub(super) struct Desk {
    pub(super) calls: Mutex<Vec<(&'static str, Instant)>>,
    pub(super) fails: &'static [&'static str],
    pub(super) hangs: &'static [&'static str],
}

impl Desk {
    pub(super) async fn acts(&self, handler: &'static str) -> Result<(), &'static str> {
        self.calls.lock().unwrap().push((handler, Instant::now()));
        if self.hangs.contains(&handler) {
            sleep(SECOND * 86_400).await;
        }
        if self.fails.contains(&handler) {
            return Err("no");
        }
        Ok(())
    }

    /// The number of calls of a handler.
    pub(super) fn count(&self, handler: &str) -> usize {
        let calls = self.calls.lock().unwrap();
        calls.iter().filter(|(name, _)| *name == handler).count()
    }

    /// The whole seconds between the calls of a handler.
    pub(super) fn pauses(&self, handler: &str) -> Vec<u64> {
        let calls = self.calls.lock().unwrap();
        let times = calls.iter().filter(|(name, _)| *name == handler);
        let times: Vec<_> = times.map(|(_, at)| *at).collect();
        let pauses = times.windows(2).map(|pair| (pair[1] - pair[0]).as_secs());
        pauses.collect()
    }
}

impl OrderSteps for Desk {
    type Error = &'static str;

    async fn charge(&self, _: Asked, step: &Step<Charge>) -> Result<Charge, &'static str> {
        self.acts("charge").await?;
        Ok(step.to(charged()))
    }

    async fn refund(&self, _: Charged, _: &Undo<Charge>) -> Result<(), &'static str> {
        self.acts("refund").await
    }

    async fn send(&self, _: Charged, step: &Step<Send>) -> Result<Send, &'static str> {
        self.acts("send").await?;
        Ok(step.to(Sent))
    }
}

fn charged() -> Charged {
    Charged {
        low: SECOND,
        high: SECOND * 3,
        refunds: NonZeroU32::new(2).unwrap(),
    }
}

fn order(tries: u8) -> Order<Asked> {
    let pause = SECOND * 7;
    let asked = Asked {
        limit: SECOND * 2,
        patience: SECOND * 60,
    };
    Order::start(OrderInput { tries, pause }, asked)
}

#[tokio::test(start_paused = true)]
async fn a_retry_has_the_attempts_and_the_delays_of_its_fields() {
    for tries in [1, 2, 5] {
        let desk = Desk {
            fails: &["charge"],
            ..Desk::default()
        };
        let error = order(tries).run(&desk).await.expect_err("it fails");
        assert_eq!(error.attempts(), u32::from(tries));
        assert_eq!(desk.pauses("charge"), vec![7; usize::from(tries) - 1]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_backoff_has_the_bounds_of_its_fields() {
    let desk = Desk {
        fails: &["send"],
        ..Desk::default()
    };
    order(1).run(&desk).await.expect_err("it fails");
    assert_eq!(desk.pauses("send"), [1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_and_a_deadline_are_as_long_as_their_fields_say() {
    let desk = Desk {
        hangs: &["charge"],
        ..Desk::default()
    };
    let begun = Instant::now();
    let error = order(1).run(&desk).await.expect_err("it hangs");
    let (limit, last) = (SECOND * 2, None);
    assert_eq!(error.cause(), &Cause::Timeout { limit, last });
    assert_eq!(begun.elapsed().as_secs(), 2);

    // 7 calls of 2 seconds, with 7 between two: the next would come after a minute.
    let error = order(200).run(&desk).await.expect_err("it hangs");
    let Cause::Deadline { limit, scope, .. } = error.cause() else {
        panic!("{error}");
    };
    assert_eq!((*limit, *scope), (SECOND * 60, Scope::Transition));
    assert_eq!(error.attempts(), 7);
}

#[tokio::test(start_paused = true)]
async fn the_clauses_of_an_undo_read_the_state_that_it_undoes() {
    let desk = Desk {
        fails: &["send", "refund"],
        ..Desk::default()
    };
    let error = order(1).run(&desk).await.expect_err("it fails");
    assert_eq!(desk.pauses("refund"), [1]);
    assert_eq!(error.rollback().failed[0].attempts, 2);

    let desk = Desk {
        fails: &["send"],
        hangs: &["refund"],
        ..Desk::default()
    };
    let error = order(1).run(&desk).await.expect_err("it fails");
    let (limit, last) = (SECOND * 7, None);
    let undo = &error.rollback().failed[0];
    assert_eq!(undo.cause, Cause::Timeout { limit, last });
}

#[test]
fn the_graph_and_its_diagrams_name_the_fields() {
    let [charge, send] = Order::GRAPH.transitions else {
        panic!("there are two");
    };
    let retry = charge.policy.retry.expect("it has one");
    assert_eq!(retry.attempts, Some(Given::Field("input.tries")));
    assert_eq!(retry.first, Given::Field("input.pause"));
    assert_eq!(retry.written(), None);
    assert_eq!(charge.policy.timeout, Some(Given::Field("limit")));
    assert_eq!(charge.policy.deadline, Some(Given::Field("patience")));
    let undo = charge.policy.undo[0].retry.expect("it has one");
    assert_eq!(undo.attempts, Some(Given::Field("refunds")));
    let retry = send.policy.retry.expect("it has one");
    assert_eq!(retry.attempts, Some(Given::Written(4)));
    assert_eq!(
        (retry.first.field(), retry.cap.field()),
        (Some("low"), Some("high"))
    );
}

/// A step of several states, and one of a group.
mod several {
    use super::*;

    workflow! {
        #[derive(Debug, Clone, PartialEq)]
        workflow Visit {
            start Short { limit: Duration };
            start Long { limit: Duration };
            group Open { patience: Duration } {
                state Asked { left: u64 };
                state Told;
            }
            done Seen;
            step look: Short | Long -> Asked with timeout(limit);
            step ask: Asked -> Told with deadline(patience), retry(left, every 1s);
            step tell: Told -> Seen with timeout(patience);
        }
    }

    impl VisitSteps for Desk {
        type Error = &'static str;

        async fn look(&self, _: LookFrom, step: &Step<Look>) -> Result<Look, &'static str> {
            self.acts("look").await?;
            let open = Open {
                patience: SECOND * 4,
            };
            Ok(step.to(Asked { left: 3, open }))
        }

        async fn ask(&self, asked: Asked, step: &Step<Ask>) -> Result<Ask, &'static str> {
            self.acts("ask").await?;
            Ok(step.to(Told { open: asked.open }))
        }

        async fn tell(&self, _: Told, step: &Step<Tell>) -> Result<Tell, &'static str> {
            self.acts("tell").await?;
            Ok(step.to(Seen))
        }
    }

    async fn limit(visit: AnyVisit, hangs: &'static [&'static str]) -> Duration {
        let desk = Desk {
            hangs,
            ..Desk::default()
        };
        let error = visit.run(&desk).await.expect_err("it hangs");
        match error.cause() {
            Cause::Timeout { limit, .. } | Cause::Deadline { limit, .. } => *limit,
            other => panic!("{other}"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_step_of_several_states_reads_the_field_of_the_state_that_it_leaves() {
        let short = Visit::start(Short { limit: SECOND });
        assert_eq!(limit(short.into(), &["look"]).await, SECOND);
        let long = Visit::start(Long { limit: SECOND * 9 });
        assert_eq!(limit(long.into(), &["look"]).await, SECOND * 9);
    }

    #[tokio::test(start_paused = true)]
    async fn a_clause_reads_a_field_of_the_group_that_its_state_stands_in() {
        for handler in [&["ask"], &["tell"]] {
            let short = Visit::start(Short { limit: SECOND });
            assert_eq!(limit(short.into(), handler).await, SECOND * 4);
        }
        let desk = Desk {
            fails: &["ask"],
            ..Desk::default()
        };
        let short = Visit::start(Short { limit: SECOND });
        short.run(&desk).await.expect_err("it fails");
        assert_eq!(desk.count("ask"), 3);
    }
}
