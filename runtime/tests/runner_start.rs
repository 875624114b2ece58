//! Starting runs, and what a runner says of them.

use stateway::prelude::*;
use stateway::{Clock, MemoryStore, Runner};

workflow! {
    #[durable(version = 1)]
    #[derive(Debug, PartialEq)]
    workflow Order {
        input { customer: String, items: Vec<u32> }

        start  Placed;
        state  Reserved { hold: u64 };
        done   Shipped { parcel: String };
        failed Rejected;

        step reserve: Placed -> Reserved | Rejected;
        step ship: Reserved -> Shipped;
    }
}

struct Shop;

impl OrderSteps for Shop {
    type Error = String;

    async fn reserve(&self, _: Placed, step: &Step<Reserve>) -> Result<Reserve, String> {
        Ok(step.to(Reserved {
            hold: step.input().items.len() as u64,
        }))
    }

    async fn ship(&self, reserved: Reserved, step: &Step<Ship>) -> Result<Ship, String> {
        Ok(step.to(Shipped {
            parcel: format!("{}/{}", step.key(), reserved.hold),
        }))
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_was_started_ends() {
    let runner = Runner::<Order>::new(Shop)
        .store(MemoryStore::new())
        .clock(Clock::tokio())
        .launch()
        .await
        .unwrap();
    let input = OrderInput {
        customer: "c".into(),
        items: vec![1, 2],
    };
    let run = runner.start("o-42", input, Placed).await.unwrap();
    let end = run.end().await.unwrap();
    assert_eq!(
        end,
        OrderEnd::Shipped(Shipped {
            parcel: "Order/o-42/2/2".into()
        })
    );
}
