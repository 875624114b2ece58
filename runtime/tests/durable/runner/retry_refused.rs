//! Rollbacks that are not retried: nothing changes, and it is said why.

use std::sync::Arc;
use std::time::Duration;

use stateway::store::{
    Commit, Created, Event, Failure, FailureKind, Holder, Lease, NewRun, Status, Store as _,
};
use stateway::{Clock, MemoryStore, RetryRollbackError, StoreError};

use crate::support::shop::*;

fn store_error(retried: Result<(), RetryRollbackError>) -> StoreError {
    match retried {
        Err(RetryRollbackError::Store(error)) => error,
        other => panic!("the store refuses it: {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_is_not_rolled_back_again_without_a_reason() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let runner = launch(&store, &shop).await;
    shop.tell("ship undone", &[Act::Fail]);
    shop.tell("reserve early", &[Act::Fail]);
    shop.tell("ship running", &[Act::Wait]);
    for id in ["done", "undone", "early"] {
        let run = runner.start(id, input(), Placed).await.unwrap();
        let _ = run.end().await;
        let refused = store_error(runner.retry_rollback(id).await);
        assert_eq!(
            refused.to_string(),
            format!(
                "nothing of run `{id}` is left to be undone: it ended well, or all that it did was undone"
            )
        );
    }
    runner.start("running", input(), Placed).await.unwrap();
    called(&shop, "ship running 1").await;
    let refused = store_error(runner.retry_rollback("running").await);
    assert!(matches!(refused, StoreError::NotEnded { .. }), "{refused}");
    let refused = store_error(runner.retry_rollback("nobody").await);
    assert!(matches!(refused, StoreError::NotFound { .. }), "{refused}");
    let refused = store_error(runner.retry_rollback("").await);
    assert!(matches!(refused, StoreError::Id(_)), "{refused}");
    assert_eq!(shop.calls("refund"), 1);
}

/// A run that another program has left: it was charged, went on to a state, and was terminated there.
async fn terminated(
    store: &MemoryStore,
    new: NewRun,
    undo: &'static str,
    payload: &[u8],
    state: &'static str,
) {
    let Ok(Created::New(row)) = store.create(new).await else {
        panic!("it is new")
    };
    let at = Clock::tokio().now();
    let charged = Event::Transition {
        transition: "charge".into(),
        internal: false,
        visit: 1,
        attempts: 1,
        state: "Charged".into(),
        payload: payload.to_vec(),
        undo: Some(undo.into()),
        version: 1,
        message: None,
        answer: None,
    };
    let went_on = Event::Transition {
        transition: "weigh".into(),
        internal: false,
        visit: 2,
        attempts: 1,
        state: state.into(),
        payload: Vec::new(),
        undo: None,
        version: 1,
        message: None,
        answer: None,
    };
    for (sequence, event, status) in [
        (0, charged, Status::Running),
        (1, went_on, Status::Running),
        (2, Event::Ended, Status::Terminated),
    ] {
        let failure = status.is_ended().then(|| Failure {
            state: state.into(),
            transition: None,
            attempts: 0,
            kind: FailureKind::Terminated,
            message: "".into(),
        });
        let commit = Commit {
            sequence,
            failure,
            ..Commit::new(&row, event, status, at)
        };
        store.commit(commit).await.unwrap();
    }
}

fn charged() -> NewRun {
    NewRun {
        incarnation: 1,
        input: br#"{"customer":"Ada"}"#.to_vec(),
        payload: br#"{"hold":7}"#.to_vec(),
        lease: Some(Lease {
            holder: Holder::unique(),
            duration: Duration::ZERO,
        }),
        ..NewRun::new(
            "o-1".parse().unwrap(),
            "Order",
            1,
            "Reserved",
            Clock::tokio().now(),
        )
    }
}

const RECEIPT: &[u8] = br#"{"receipt":"r"}"#;

/// The refusal of this program to undo it; nothing if it does.
async fn refusal(
    new: NewRun,
    undo: &'static str,
    payload: &[u8],
    state: &'static str,
) -> Option<String> {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    terminated(&store, new, undo, payload, state).await;
    let runner = launch(&store, &shop).await;
    let before = row(&store, "o-1").await;
    let refused = runner.retry_rollback("o-1").await.err()?.to_string();
    assert_eq!(row(&store, "o-1").await, before, "nothing has changed");
    assert!(shop.log().is_empty());
    Some(refused)
}

#[tokio::test(start_paused = true)]
async fn what_this_program_cannot_undo_stays_as_it_is() {
    assert_eq!(refusal(charged(), "refund", RECEIPT, "Charged").await, None);
    let other = NewRun {
        workflow: "Refund".into(),
        ..charged()
    };
    assert_eq!(
        refusal(other, "refund", RECEIPT, "Charged").await.unwrap(),
        "there is no run `o-1` in the store"
    );
    let second = NewRun {
        version: 2,
        ..charged()
    };
    let unread = NewRun {
        input: b"{}".to_vec(),
        ..charged()
    };
    for (new, undo, payload, state, reason) in [
        (
            second,
            "refund",
            RECEIPT,
            "Charged",
            "it was started with version 2 of `Order`, and this program has version 1; retry",
        ),
        (
            charged(),
            "give_back",
            RECEIPT,
            "Charged",
            "`give_back` is to undo `charge`, which led to `Charged`, and this program has no such undo; retry",
        ),
        (
            charged(),
            "refund",
            b"{}",
            "Charged",
            "state `Charged`, which `refund` needs, does not decode: missing field `receipt`",
        ),
        (
            charged(),
            "refund",
            RECEIPT,
            "Weighed",
            "it is in state `Weighed`, which `Order` does not have; retry",
        ),
        (
            unread,
            "refund",
            RECEIPT,
            "Charged",
            "its input does not decode: missing field `customer`",
        ),
    ] {
        let refused = refusal(new, undo, payload, state).await.unwrap();
        let said = format!("this program cannot undo what is left of run `o-1`: {reason}");
        assert!(refused.starts_with(&said), "{refused}");
    }
}
