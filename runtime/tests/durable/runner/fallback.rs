//! `else` of a stored run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use stateway::prelude::*;
use stateway::store::Store;
use stateway::{Clock, MemoryStore};
use tokio::time::sleep;

workflow! {
    #[durable(version = 1)]
    #[derive(Debug, Clone, PartialEq)]
    pub(crate) workflow Errand {
        input { customer: u64 }
        start Begun;
        state Paid { cents: u32 };
        done Over;
        done GivenUp { customer: u64, cents: u32 };

        step pay: Begun -> Paid with undo(refund);
        step post: Paid -> Over | GivenUp with retry(3, every 10s), else GivenUp;
    }
}

impl From<AnyErrand> for GivenUp {
    fn from(errand: AnyErrand) -> Self {
        let customer = errand.input().customer;
        match errand {
            AnyErrand::Paid(paid) => GivenUp {
                customer,
                cents: paid.cents,
            },
            _ => unreachable!("no other state is posted"),
        }
    }
}

#[derive(Default)]
pub(crate) struct Office {
    posts: AtomicU32,
    refunded: AtomicBool,
}

impl ErrandSteps for Office {
    type Error = String;

    async fn pay(&self, _: Begun, step: &Step<Pay>) -> Result<Pay, String> {
        Ok(step.to(Paid { cents: 250 }))
    }

    async fn refund(&self, _: Paid, _: &Undo<Pay>) -> Result<(), String> {
        self.refunded.store(true, Ordering::Relaxed);
        Ok(())
    }

    async fn post(&self, _: Paid, _: &Step<Post>) -> Result<Post, String> {
        let posts = self.posts.fetch_add(1, Ordering::Relaxed) + 1;
        Err(format!("closed {posts}"))
    }
}

async fn launch(store: &Arc<dyn Store>, office: &Arc<Office>) -> Runner<Errand> {
    let runner = Runner::<Errand>::shared(Arc::clone(office)).clock(Clock::tokio());
    runner.store(Arc::clone(store)).launch().await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn it_is_entered_once_after_the_attempts_of_all_processes() {
    for first_process in [5, 15, 25] {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let office = Arc::new(Office::default());
        let runner = launch(&store, &office).await;
        let input = ErrandInput { customer: 7 };
        runner.start("e-1", input, Begun).await.unwrap();
        sleep(Duration::from_secs(first_process)).await;
        runner.shut_down(Duration::from_secs(1)).await;
        let runner = launch(&store, &office).await;
        let run = runner.get("e-1").await.unwrap().unwrap();
        let end = GivenUp {
            customer: 7,
            cents: 250,
        };
        assert_eq!(run.end().await.unwrap(), ErrandEnd::GivenUp(end));
        assert_eq!(office.posts.load(Ordering::Relaxed), 3);
        assert!(
            !office.refunded.load(Ordering::Relaxed),
            "it has ended well"
        );
        let history = runner.history("e-1").await.unwrap();
        assert_eq!(history.len(), 3, "it began, paid, and gave up");
        let failed = history[2].failed_attempts.iter();
        let failed: Vec<_> = failed.map(|it| it.error.as_str()).collect();
        assert_eq!(failed, ["closed 1", "closed 2", "closed 3"]);
    }
}
