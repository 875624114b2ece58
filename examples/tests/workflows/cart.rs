//! A shopping cart: it is filled and emptied by signals, each of which answers with the cart or says why not.
//!
//! A cart that is left alone for ten minutes is reminded of, and after thirty it is abandoned. Each change puts both off. A cart is checked
//! out by a signal as well, and is open again if its payment is refused.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use stateway::prelude::*;
use stateway::runner::Run;
use stateway::{Clock, SignalError};
use tokio::time::sleep;

use crate::{SHUT_DOWN, launch, store};

const REMINDED_AFTER: Duration = Duration::from_mins(10);
const ABANDONED_AFTER: Duration = Duration::from_mins(30);

/// The largest quantity of one item.
const MOST: u32 = 10;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Refusal {
    TooMany { at_most: u32 },
    NotInCart,
    Empty,
}

/// The quantity of each item.
type Items = BTreeMap<String, u32>;

workflow! {
    /// One cart.
    #[durable(version = 1)]
    #[derive(Debug, Clone, PartialEq)]
    pub(crate) workflow Cart {
        input { customer: u64 }

        start  Shopping { items: Items, reminded: SystemTime, abandoned: SystemTime };
        state  Paying { items: Items };
        done   Ordered { items: Items, payment: u64 };
        failed Abandoned;

        signal add(String) answers Result<Items, Refusal>: Shopping;
        signal remove(String) answers Result<Items, Refusal>: Shopping;
        signal quantity((String, u32)) answers Result<Items, Refusal>: Shopping;

        timer remind at reminded: Shopping;
        timer abandon at abandoned: Shopping -> Abandoned;

        signal check_out answers Result<Items, Refusal>: Shopping -> Paying | Shopping;
        step pay: Paying -> Ordered | Shopping with retry(3), timeout(30s), catch(reopen);
    }
}

impl Shopping {
    /// A cart that was changed just now.
    fn with(items: Items) -> Self {
        let now = Clock::tokio().now();
        Shopping {
            items,
            reminded: now + REMINDED_AFTER,
            abandoned: now + ABANDONED_AFTER,
        }
    }

    /// Sets the quantity of an item, and puts off what would happen to a cart that is left alone.
    fn set(&mut self, item: String, quantity: u32) -> Result<Items, Refusal> {
        if quantity > MOST {
            return Err(Refusal::TooMany { at_most: MOST });
        }
        let mut items = std::mem::take(&mut self.items);
        if quantity == 0 {
            items.remove(&item);
        } else {
            items.insert(item, quantity);
        }
        *self = Shopping::with(items);
        Ok(self.items.clone())
    }
}

/// A shop that takes the payments of some customers.
#[derive(Clone, Default)]
struct Shop {
    reminders: Arc<AtomicU32>,
    is_bank_away: bool,
}

impl CartSteps for Shop {
    type Error = String;

    async fn add(
        &self,
        shopping: &mut Shopping,
        item: String,
        _: &Step<OnAdd>,
    ) -> Result<Result<Items, Refusal>, String> {
        let before = shopping.items.get(&item).copied().unwrap_or(0);
        Ok(shopping.set(item, before + 1))
    }

    async fn remove(
        &self,
        shopping: &mut Shopping,
        item: String,
        _: &Step<OnRemove>,
    ) -> Result<Result<Items, Refusal>, String> {
        if !shopping.items.contains_key(&item) {
            return Ok(Err(Refusal::NotInCart));
        }
        Ok(shopping.set(item, 0))
    }

    async fn quantity(
        &self,
        shopping: &mut Shopping,
        (item, quantity): (String, u32),
        _: &Step<OnQuantity>,
    ) -> Result<Result<Items, Refusal>, String> {
        if !shopping.items.contains_key(&item) {
            return Ok(Err(Refusal::NotInCart));
        }
        Ok(shopping.set(item, quantity))
    }

    async fn remind(&self, _: &mut Shopping, _: &Step<OnRemind>) -> Result<(), String> {
        self.reminders.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    async fn abandon(&self, _: Shopping, step: &Step<OnAbandon>) -> Result<OnAbandon, String> {
        Ok(step.to(Abandoned))
    }

    async fn check_out(
        &self,
        shopping: Shopping,
        step: &Step<OnCheckOut>,
    ) -> Result<Answered<OnCheckOut, Result<Items, Refusal>>, String> {
        let items = shopping.items;
        if items.is_empty() {
            // The state is entered anew, and so a reminder whose time has passed would come again.
            let shopping = Shopping::with(items);
            return Ok(step.to(shopping).answer(Err(Refusal::Empty)));
        }
        let answer = Ok(items.clone());
        Ok(step.to(Paying { items }).answer(answer))
    }

    async fn pay(&self, paying: Paying, step: &Step<Pay>) -> Result<Pay, String> {
        if self.is_bank_away {
            return Err("the bank does not answer".to_owned());
        }
        Ok(step.to(Ordered {
            items: paying.items,
            payment: step.input().customer,
        }))
    }

    async fn reopen(
        &self,
        paying: Paying,
        _: Cause<String>,
        step: &Step<Pay>,
    ) -> Result<Pay, String> {
        Ok(step.to(Shopping::with(paying.items)))
    }
}

async fn cart(runner: &Runner<Cart>) -> Run<Cart> {
    let shopping = Shopping::with(Items::new());
    let started = runner.start("cart-1", CartInput { customer: 7 }, shopping);
    started.await.expect("it is new")
}

fn items<const N: usize>(items: [(&str, u32); N]) -> Items {
    items
        .map(|(item, quantity)| (item.to_owned(), quantity))
        .into()
}

fn tea() -> String {
    "tea".to_owned()
}

#[tokio::test(start_paused = true)]
async fn each_change_answers_with_the_cart_or_with_a_refusal() {
    let runner = launch::<Cart>(&store(), Shop::default()).await;
    let run = cart(&runner).await;
    assert_eq!(
        run.check_out().answered().await.unwrap(),
        Err(Refusal::Empty)
    );
    assert_eq!(
        run.add(tea()).answered().await.unwrap(),
        Ok(items([("tea", 1)]))
    );
    let too_many = Err(Refusal::TooMany { at_most: 10 });
    assert_eq!(
        run.quantity((tea(), 11)).answered().await.unwrap(),
        too_many
    );
    assert_eq!(
        run.quantity((tea(), 3)).answered().await.unwrap(),
        Ok(items([("tea", 3)]))
    );
    let cake = run.add("cake".to_owned()).answered().await.unwrap();
    assert_eq!(cake, Ok(items([("cake", 1), ("tea", 3)])));
    assert_eq!(
        run.remove(tea()).answered().await.unwrap(),
        Ok(items([("cake", 1)]))
    );
    assert_eq!(
        run.remove(tea()).answered().await.unwrap(),
        Err(Refusal::NotInCart)
    );
    run.check_out()
        .answered()
        .await
        .unwrap()
        .expect("it has a cake");
    let ordered = Ordered {
        items: items([("cake", 1)]),
        payment: 7,
    };
    assert_eq!(run.end().await.unwrap(), CartEnd::Ordered(ordered));
    let late = run.add(tea()).await;
    assert!(matches!(late, Err(SignalError::Ended { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_change_puts_off_the_reminder_and_the_end_also_over_a_restart() {
    let (store, shop) = (store(), Shop::default());
    let runner = launch::<Cart>(&store, shop.clone()).await;
    let run = cart(&runner).await;
    sleep(Duration::from_mins(9)).await;
    run.add(tea())
        .answered()
        .await
        .unwrap()
        .expect("it is taken");
    sleep(Duration::from_mins(9)).await;
    assert_eq!(shop.reminders.load(Ordering::Relaxed), 0);
    runner.shut_down(SHUT_DOWN).await;

    let runner = launch::<Cart>(&store, shop.clone()).await;
    let run = runner.get("cart-1").await.unwrap().expect("it is stored");
    sleep(Duration::from_mins(2)).await;
    assert_eq!(shop.reminders.load(Ordering::Relaxed), 1);
    run.add(tea())
        .answered()
        .await
        .unwrap()
        .expect("it is taken");
    let changed = Clock::tokio().now();
    assert_eq!(run.end().await.unwrap(), CartEnd::Abandoned(Abandoned));
    assert_eq!(shop.reminders.load(Ordering::Relaxed), 2);
    let ended = run.info().await.unwrap().ended.expect("it has ended");
    let alone = ended.duration_since(changed).unwrap();
    assert_eq!(alone.as_secs() / 60, 30);
}

#[tokio::test(start_paused = true)]
async fn a_refused_check_out_puts_off_the_reminder() {
    let shop = Shop::default();
    let runner = launch::<Cart>(&store(), shop.clone()).await;
    let run = cart(&runner).await;
    sleep(Duration::from_mins(11)).await;
    assert_eq!(shop.reminders.load(Ordering::Relaxed), 1);
    let refused = run.check_out().answered().await.unwrap();
    assert_eq!(refused, Err(Refusal::Empty));
    sleep(Duration::from_mins(9)).await;
    assert_eq!(shop.reminders.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn a_cart_whose_payment_fails_is_open_again() {
    let shop = Shop {
        is_bank_away: true,
        ..Shop::default()
    };
    let runner = launch::<Cart>(&store(), shop).await;
    let run = cart(&runner).await;
    run.add(tea())
        .answered()
        .await
        .unwrap()
        .expect("it is taken");
    run.check_out()
        .answered()
        .await
        .unwrap()
        .expect("there is tea");
    let added = run.add(tea()).answered().await.unwrap();
    assert_eq!(added, Ok(items([("tea", 2)])));
}
