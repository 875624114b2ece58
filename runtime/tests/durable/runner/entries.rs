//! Branches for the entries of a map, of a stored run.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use stateway::prelude::*;
use stateway::store::Store;
use stateway::{Clock, MemoryStore};
use tokio::time::sleep;

workflow! {
    #[durable(version = 1)]
    #[derive(Debug, Clone, PartialEq)]
    workflow Order {
        input { cart: BTreeMap<String, u32> }
        start Placed;
        done Priced { prices: Vec<u32> };

        split price: Placed -> Priced {
            each (product, amount) in input.cart: String, u32 => u32;
            join all;
        }
    }
}

#[derive(Default)]
struct Shop {
    calls: Mutex<Vec<String>>,
    knows_pears: AtomicBool,
}

impl OrderSteps for Shop {
    type Error = String;

    async fn product(
        &self,
        _: &Placed,
        product: &String,
        amount: &u32,
        _: &Branch<Price>,
    ) -> Result<u32, String> {
        self.calls.lock().unwrap().push(product.clone());
        if product == "pears" && !self.knows_pears.load(Ordering::Relaxed) {
            sleep(Duration::from_hours(1)).await;
        }
        Ok(amount * 10)
    }

    async fn price(
        &self,
        _: Placed,
        prices: PriceJoined,
        step: &Step<Price>,
    ) -> Result<Price, String> {
        Ok(step.to(Priced { prices }))
    }
}

async fn launch(store: &Arc<dyn Store>, shop: &Arc<Shop>) -> Runner<Order> {
    let runner = Runner::<Order>::shared(Arc::clone(shop)).clock(Clock::tokio());
    runner.store(Arc::clone(store)).launch().await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_branches_of_entries_that_have_ended_are_not_called_again_after_a_restart() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let shop = Arc::new(Shop::default());
    let runner = launch(&store, &shop).await;
    let cart = [("plums", 3), ("apples", 1), ("pears", 2)];
    let cart = cart.map(|(product, amount)| (product.to_owned(), amount));
    let input = OrderInput { cart: cart.into() };
    runner.start("o-1", input, Placed).await.unwrap();
    sleep(Duration::from_secs(5)).await;
    runner.shut_down(Duration::from_secs(1)).await;

    shop.knows_pears.store(true, Ordering::Relaxed);
    let runner = launch(&store, &shop).await;
    let run = runner.get("o-1").await.unwrap().unwrap();
    let prices = vec![10, 20, 30];
    assert_eq!(
        run.end().await.unwrap(),
        OrderEnd::Priced(Priced { prices })
    );
    let calls = shop.calls.lock().unwrap();
    assert_eq!(*calls, ["apples", "pears", "plums", "pears"]);
}
