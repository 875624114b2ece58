//! The checkout of a cart: an order is made of it, four systems are told side by side, and the payment is authorized.
//!
//! Each of the four effects is undone by itself if another one fails, or the payment does. An authorization whose answer is lost is
//! voided: nobody may hold money of an order that does not exist.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use stateway::EndError;
use stateway::prelude::*;
use tokio::time::sleep;

use crate::{SHUT_DOWN, launch, store};

workflow! {
    /// One cart on its way to an order.
    #[durable(version = 1)]
    #[derive(Debug, Clone, PartialEq)]
    pub(crate) workflow Checkout {
        input { cart: u64, cents: u32 }

        start  Filled { lines: Vec<u32> };
        state  Ordered { order: u64, lines: Vec<u32> };
        state  Reserved { order: u64 };
        done   Completed { order: u64 };
        failed Declined;

        step create: Filled -> Ordered with undo(delete);

        split reserve: Ordered -> Reserved {
            branch stock: Vec<u32> with retry(3), undo(release, retry(10));
            branch cart: u64       with undo(reopen, retry(10));
            branch coupon: u64     with undo(give_back, retry(10));
            branch gift: u32       with timeout(10s), undo(recharge, retry(10));
            join all;
        }

        step authorize: Reserved -> Completed | Declined
            with retry(3), timeout(10s), undo(in doubt => void, retry(10));
    }
}

/// The systems of a shop, by what each of them holds for an order.
#[derive(Clone, Default)]
struct Shop {
    holds: Arc<Mutex<BTreeSet<&'static str>>>,
    undone: Arc<Mutex<Vec<&'static str>>>,
    /// The system that refuses what it is asked for.
    refuses: &'static str,
    /// The system whose answers do not arrive.
    is_mute: &'static str,
}

impl Shop {
    async fn ask(&self, system: &'static str, after: u64) -> Result<(), String> {
        sleep(Duration::from_millis(after)).await;
        if self.refuses == system {
            return Err(format!("{system}: no"));
        }
        let mut holds = self.holds.lock().map_err(|error| error.to_string())?;
        holds.insert(system);
        if self.is_mute == system {
            return Err(format!("{system}: the connection was closed"));
        }
        Ok(())
    }

    fn undo(&self, system: &'static str) -> Result<(), String> {
        let holds = self.holds.lock();
        holds.map_err(|error| error.to_string())?.remove(system);
        let undone = self.undone.lock();
        undone.map_err(|error| error.to_string())?.push(system);
        Ok(())
    }

    fn holds(&self) -> Vec<&'static str> {
        let holds = self.holds.lock();
        holds.map_or_else(|_| Vec::new(), |it| it.iter().copied().collect())
    }

    fn undone(&self) -> Vec<&'static str> {
        self.undone
            .lock()
            .map_or_else(|_| Vec::new(), |it| it.clone())
    }

    /// Takes a cart through its checkout.
    async fn complete(&self) -> Result<CheckoutEnd, EndError> {
        let store = store();
        let runner = launch::<Checkout>(&store, self.clone()).await;
        let input = CheckoutInput {
            cart: 7,
            cents: 12_50,
        };
        let run = runner
            .start("cart-7", input, Filled { lines: vec![1, 2] })
            .await
            .expect("the store is free");
        let end = run.end().await;
        runner.shut_down(SHUT_DOWN).await;
        end
    }
}

impl CheckoutSteps for Shop {
    type Error = String;

    fn retryable(&self, error: &String) -> bool {
        !error.ends_with(": no")
    }

    async fn create(&self, filled: Filled, step: &Step<Create>) -> Result<Create, String> {
        self.ask("order", 1).await?;
        Ok(step.to(Ordered {
            order: step.input().cart * 10,
            lines: filled.lines,
        }))
    }

    async fn delete(&self, _: Ordered, _: &Undo<Create>) -> Result<(), String> {
        self.undo("order")
    }

    async fn stock(&self, ordered: &Ordered, _: &Branch<Reserve>) -> Result<Vec<u32>, String> {
        self.ask("stock", 40).await?;
        Ok(ordered.lines.clone())
    }

    async fn release(
        &self,
        ordered: &Ordered,
        lines: Vec<u32>,
        _: &Undo<Reserve>,
    ) -> Result<(), String> {
        assert_eq!(ordered.lines, lines);
        self.undo("stock")
    }

    async fn cart(&self, _: &Ordered, branch: &Branch<Reserve>) -> Result<u64, String> {
        self.ask("cart", 10).await?;
        Ok(branch.input().cart)
    }

    async fn reopen(&self, _: &Ordered, cart: u64, _: &Undo<Reserve>) -> Result<(), String> {
        assert_eq!(cart, 7);
        self.undo("cart")
    }

    async fn coupon(&self, _: &Ordered, _: &Branch<Reserve>) -> Result<u64, String> {
        self.ask("coupon", 30).await?;
        Ok(3)
    }

    async fn give_back(&self, _: &Ordered, _: u64, _: &Undo<Reserve>) -> Result<(), String> {
        self.undo("coupon")
    }

    async fn gift(&self, _: &Ordered, branch: &Branch<Reserve>) -> Result<u32, String> {
        self.ask("gift", 20).await?;
        Ok(branch.input().cents)
    }

    async fn recharge(&self, _: &Ordered, cents: u32, _: &Undo<Reserve>) -> Result<(), String> {
        assert_eq!(cents, 12_50);
        self.undo("gift")
    }

    async fn reserve(
        &self,
        ordered: Ordered,
        _: ReserveJoined,
        step: &Step<Reserve>,
    ) -> Result<Reserve, String> {
        Ok(step.to(Reserved {
            order: ordered.order,
        }))
    }

    async fn authorize(
        &self,
        reserved: Reserved,
        step: &Step<Authorize>,
    ) -> Result<Authorize, String> {
        if self.refuses == "payment" {
            return Ok(step.to(Declined));
        }
        self.ask("payment", 1).await?;
        Ok(step.to(Completed {
            order: reserved.order,
        }))
    }

    async fn void(&self, reserved: Reserved, undo: &Undo<Authorize>) -> Result<(), String> {
        assert_eq!(reserved.order, 70);
        assert_ne!(undo.key(), undo.done());
        self.undo("payment")
    }
}

#[tokio::test(start_paused = true)]
async fn a_cart_becomes_an_order() {
    let shop = Shop::default();
    let end = shop.complete().await.expect("nobody refuses");
    assert!(matches!(end, CheckoutEnd::Completed(end) if end.order == 70));
    assert_eq!(
        shop.holds(),
        ["cart", "coupon", "gift", "order", "payment", "stock"]
    );
    assert!(shop.undone().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_payment_that_is_declined_undoes_all_of_it_the_last_effect_first() {
    let shop = Shop {
        refuses: "payment",
        ..Shop::default()
    };
    let end = shop.complete().await.expect("a `failed` state is an end");
    assert!(matches!(end, CheckoutEnd::Declined(_)));
    assert_eq!(shop.undone(), ["stock", "coupon", "gift", "cart", "order"]);
    assert!(shop.holds().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_effect_that_fails_undoes_those_that_were_done_and_no_others() {
    for (refuses, undone) in [
        ("stock", &["coupon", "gift", "cart", "order"][..]),
        ("coupon", &["gift", "cart", "order"]),
        ("gift", &["cart", "order"]),
        ("cart", &["order"]),
    ] {
        let shop = Shop {
            refuses,
            ..Shop::default()
        };
        shop.complete().await.expect_err("an effect fails");
        assert_eq!(shop.undone(), undone);
        assert!(shop.holds().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn an_authorization_whose_answer_is_lost_is_voided() {
    let shop = Shop {
        is_mute: "payment",
        ..Shop::default()
    };
    let error = shop.complete().await.expect_err("it gives up");
    let EndError::Failed(failure) = error else {
        panic!("it fails, and not: {error}");
    };
    assert!(failure.rollback.undone[0].in_doubt);
    assert_eq!(
        shop.undone(),
        ["payment", "stock", "coupon", "gift", "cart", "order"]
    );
    assert!(shop.holds().is_empty());
}
