//! The fulfilment of an order: it is charged, packed by the warehouse, handed to a carrier, and delivered when the carrier says so.
//!
//! All of it has to be done within three hours. A customer may cancel it as long as it is open, also while a carrier is looked for. An
//! order that is late, or cancelled, or that no carrier takes has failed, and is rolled back: what was charged is paid back.
//!
//! The limit is the data of a group, and a timer of the states that wait. A step is not stopped by a timer: it has a deadline of its
//! own, and the timer fires as soon as it has led to a state that waits.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use stateway::Clock;
use stateway::SignalError;
use stateway::prelude::*;
use stateway::runner::Run;
use tokio::time::sleep;

use crate::{SHUT_DOWN, launch, store};

const LIMIT: Duration = Duration::from_hours(3);

workflow! {
    /// One order.
    #[durable(version = 1)]
    #[derive(Debug, Clone, PartialEq)]
    pub(crate) workflow Order {
        input { cents: u32 }

        /// The customer may cancel it.
        group Open { until: SystemTime } {
            start Placed;

            /// It is paid back if it fails.
            group Paid { payment: u64 } {
                state Packed { parcel: String };

                /// Others are at work.
                group Awaited {
                    state Packing;
                    state HandedOver { parcel: String, tracking: u64 };
                }
            }
        }

        done   Delivered { signed_by: String };
        failed Declined;
        failed NoCarrier;
        failed TooLate;
        failed Cancelled { reason: String };

        step charge: Placed -> Packing | Declined with retry(3), undo(refund, retry(10));
        signal pack(String): Packing -> Packed;
        step hand_over: Packed -> HandedOver | NoCarrier
            with retry(forever, every 10m), deadline(1h), else NoCarrier;
        signal deliver(String): HandedOver -> Delivered;

        timer expire at until: Awaited -> TooLate;
        signal cancel(String) interrupts Open -> Cancelled;
    }
}

/// The sums that were charged and not paid back, by payment.
type Books = BTreeMap<u64, u32>;

/// A shop whose carriers may be on strike.
#[derive(Clone, Default)]
struct Shop {
    books: Arc<Mutex<Books>>,
    is_on_strike: bool,
}

impl Shop {
    fn books(&self) -> Books {
        self.books
            .lock()
            .map_or_else(|_| Books::new(), |books| books.clone())
    }
}

impl OrderSteps for Shop {
    type Error = String;

    async fn charge(&self, placed: Placed, step: &Step<Charge>) -> Result<Charge, String> {
        let mut books = self.books.lock().map_err(|error| error.to_string())?;
        let payment = books.len() as u64 + 1;
        books.insert(payment, step.input().cents);
        let open = placed.open;
        Ok(step.to(Packing {
            paid: Paid { open, payment },
        }))
    }

    async fn refund(&self, packing: Packing, _: &Undo<Charge>) -> Result<(), String> {
        let mut books = self.books.lock().map_err(|error| error.to_string())?;
        books.remove(&packing.paid.payment);
        Ok(())
    }

    async fn pack(
        &self,
        packing: Packing,
        parcel: String,
        step: &Step<OnPack>,
    ) -> Result<OnPack, String> {
        let paid = packing.paid;
        Ok(step.to(Packed { paid, parcel }))
    }

    async fn hand_over(&self, packed: Packed, step: &Step<HandOver>) -> Result<HandOver, String> {
        sleep(Duration::from_mins(1)).await;
        if self.is_on_strike {
            return Err("the carriers are on strike".to_owned());
        }
        let Packed { paid, parcel } = packed;
        let tracking = paid.payment + 1_000;
        Ok(step.to(HandedOver {
            paid,
            parcel,
            tracking,
        }))
    }

    async fn deliver(
        &self,
        _: HandedOver,
        signed_by: String,
        step: &Step<OnDeliver>,
    ) -> Result<OnDeliver, String> {
        Ok(step.to(Delivered { signed_by }))
    }

    async fn expire(&self, _: ExpireFrom, step: &Step<OnExpire>) -> Result<OnExpire, String> {
        Ok(step.to(TooLate))
    }

    async fn cancel(
        &self,
        _: CancelFrom,
        reason: String,
        step: &Step<OnCancel>,
    ) -> Result<OnCancel, String> {
        Ok(step.to(Cancelled { reason }))
    }
}

async fn order(runner: &Runner<Order>) -> Run<Order> {
    let until = Clock::tokio().now() + LIMIT;
    let placed = Placed {
        open: Open { until },
    };
    let started = runner.start("order-1", OrderInput { cents: 1250 }, placed);
    started.await.expect("it is new")
}

fn handed_over(order: &AnyOrder) -> bool {
    matches!(order, AnyOrder::HandedOver(_))
}

#[tokio::test(start_paused = true)]
async fn an_order_that_the_carrier_delivers_in_time_stays_paid() {
    let shop = Shop::default();
    let runner = launch::<Order>(&store(), shop.clone()).await;
    let run = order(&runner).await;
    run.pack("P-1".to_owned()).await.expect("it is awaited");
    let order = run.reached(handed_over).await.expect("there is a carrier");
    assert_eq!(order.paid().map(|paid| paid.payment), Some(1));
    run.deliver("Ada".to_owned()).await.expect("it is awaited");
    let signed_by = "Ada".to_owned();
    let delivered = OrderEnd::Delivered(Delivered { signed_by });
    assert_eq!(run.end().await.unwrap(), delivered);
    assert_eq!(shop.books(), Books::from([(1, 1250)]));
}

#[tokio::test(start_paused = true)]
async fn an_order_that_is_late_is_refunded_also_when_nothing_ran_at_that_time() {
    let (store, shop) = (store(), Shop::default());
    let runner = launch::<Order>(&store, shop.clone()).await;
    let run = order(&runner).await;
    run.pack("P-1".to_owned()).await.expect("it is awaited");
    let _ = run.reached(handed_over).await.expect("there is a carrier");
    assert_eq!(shop.books().len(), 1);
    runner.shut_down(SHUT_DOWN).await;
    sleep(2 * LIMIT).await;

    let runner = launch::<Order>(&store, shop.clone()).await;
    let run = runner.get("order-1").await.unwrap().expect("it is stored");
    let signed = run.deliver("Ada".to_owned()).await;
    assert_eq!(
        run.end().await.unwrap(),
        OrderEnd::TooLate(TooLate),
        "{signed:?}"
    );
    assert_eq!(shop.books(), Books::new());
}

#[tokio::test(start_paused = true)]
async fn a_customer_cancels_while_a_carrier_is_looked_for() {
    let shop = Shop {
        is_on_strike: true,
        ..Shop::default()
    };
    let runner = launch::<Order>(&store(), shop.clone()).await;
    let run = order(&runner).await;
    run.pack("P-1".to_owned()).await.expect("it is awaited");
    sleep(Duration::from_mins(25)).await;
    assert_eq!(run.info().await.unwrap().state, "Packed");
    let reason = "too slow".to_owned();
    run.cancel(reason.clone()).await.expect("it is open");
    let cancelled = OrderEnd::Cancelled(Cancelled { reason });
    assert_eq!(run.end().await.unwrap(), cancelled);
    assert_eq!(shop.books(), Books::new());
    let again = run.cancel("twice".to_owned()).await;
    assert!(matches!(again, Err(SignalError::Ended { .. })));
}

#[tokio::test(start_paused = true)]
async fn an_order_that_no_carrier_takes_within_an_hour_is_refunded() {
    let shop = Shop {
        is_on_strike: true,
        ..Shop::default()
    };
    let runner = launch::<Order>(&store(), shop.clone()).await;
    let run = order(&runner).await;
    run.pack("P-1".to_owned()).await.expect("it is awaited");
    assert_eq!(run.end().await.unwrap(), OrderEnd::NoCarrier(NoCarrier));
    let failed = run.info().await.unwrap();
    let took = failed
        .ended
        .and_then(|ended| ended.duration_since(failed.started).ok());
    assert!(
        took.is_some_and(|took| took <= Duration::from_mins(61)),
        "{took:?}"
    );
    assert_eq!(shop.books(), Books::new());
}
