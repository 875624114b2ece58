//! The report of a rollback, asked of the handle of a stored run.

use std::sync::Arc;

use stateway::MemoryStore;
use stateway::prelude::*;

use crate::support::shop::*;

#[tokio::test(start_paused = true)]
async fn a_run_that_goes_forward_has_undone_nothing() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let runner = launch(&store, &shop).await;
    shop.tell("ship", &[Act::Take(5)]);
    let run = runner.start("o-1", input(), Placed).await.unwrap();
    called(&shop, "ship o-1 1").await;
    let rollback = run.rollback().await.unwrap();
    assert_eq!(rollback.to_string(), "nothing to undo");
    assert!(run.end().await.is_ok());
    assert_eq!(run.rollback().await.unwrap(), rollback);
}

#[tokio::test(start_paused = true)]
async fn a_run_in_a_failed_state_says_what_was_undone() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let runner = launch(&store, &shop).await;
    shop.tell("ship", &[Act::Large(0)]);
    let run = runner.start("o-1", input(), Placed).await.unwrap();
    assert!(matches!(run.end().await, Ok(OrderEnd::Rejected(_))));
    let rollback = run.rollback().await.unwrap();
    assert_eq!(rollback.to_string(), "undone: `charge`, `reserve`");
}

#[tokio::test(start_paused = true)]
async fn a_rollback_under_way_says_what_it_has_done_so_far() {
    let (store, shop) = (Arc::new(MemoryStore::new()), Shop::new());
    let runner = launch(&store, &shop).await;
    shop.tell("ship", &[Act::Fail]);
    shop.tell("refund", &[Act::Fail]);
    shop.tell("release", &[Act::Take(5)]);
    let run = runner.start("o-1", input(), Placed).await.unwrap();
    until(async || shop.calls("release") == 1).await;
    let rollback = run.rollback().await.unwrap();
    assert_eq!(
        rollback.to_string(),
        "not undone: `charge` (`refund` failed: refund failed); left as it is: `reserve`"
    );
    let Err(EndError::Failed(failure)) = run.end().await else {
        panic!("it failed");
    };
    assert_eq!(run.rollback().await.unwrap(), failure.rollback);
    assert_eq!(
        failure.to_string(),
        "run `o-1` of `Order` failed in state `Charged` at `ship`: ship failed; \
         not undone: `charge` (`refund` failed: refund failed)"
    );
}
