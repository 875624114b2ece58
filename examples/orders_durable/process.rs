//! The order process, and what its handlers do.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use stateway::prelude::*;

use crate::books::{Books, BooksError, HoldId, ParcelId};
use crate::cents::Cents;
use crate::goods::{CardToken, Cart, CustomerId};
use crate::reason::Reason;

workflow! {
    /// One order, from checkout to doorstep. What is on hold goes back into the stock, and what was charged is
    /// paid back, if the order goes no further.
    #[durable(version = 1)]
    #[derive(Clone, Debug)]
    pub(crate) workflow Order {
        input { customer: CustomerId, card: CardToken, cart: Cart }

        start  Placed;
        state  Reserved { hold: HoldId };
        state  Charged { hold: HoldId, payment: Cents };
        state  Shipped { parcel: ParcelId, payment: Cents };
        done   Delivered { parcel: ParcelId, units: u64, payment: Cents };
        failed Rejected { reason: Reason };

        /// All articles of the cart or none.
        step reserve: Placed -> Reserved | Rejected with undo(release);
        step charge: Reserved -> Charged | Rejected with retry(3), undo(refund);
        step ship: Charged -> Shipped;
        step deliver: Shipped -> Delivered;
    }
}

/// The context of the orders: they share one set of books.
#[derive(Debug, Clone)]
pub(crate) struct Shop {
    books: Arc<Mutex<Books>>,
    /// The time that a step takes, beside the entry in the books.
    pause: Duration,
}

impl Shop {
    pub(crate) fn new(books: Books, pause: Duration) -> Self {
        Shop {
            books: Arc::new(Mutex::new(books)),
            pause,
        }
    }

    /// # Errors
    /// [`BooksError::HalfWritten`] if a handler panicked while it had the books.
    pub(crate) fn books(&self) -> Result<MutexGuard<'_, Books>, BooksError> {
        self.books.lock().map_err(|_| BooksError::HalfWritten)
    }

    /// Takes its time before and after the entry: a kill hits one or the other.
    async fn work<T>(
        &self,
        entry: impl FnOnce(&mut Books) -> Result<T, BooksError>,
    ) -> Result<T, BooksError> {
        tokio::time::sleep(self.pause / 2).await;
        let made = entry(&mut *self.books()?)?;
        tokio::time::sleep(self.pause / 2).await;
        Ok(made)
    }
}

impl OrderSteps for Shop {
    type Error = BooksError;

    async fn reserve(&self, _: Placed, step: &Step<Reserve>) -> Result<Reserve, BooksError> {
        let taken = self.work(|books| books.hold(&step.key(), step.input().cart.units()));
        Ok(match taken.await? {
            Ok(hold) => step.to(Reserved { hold }),
            Err(reason) => step.to(Rejected { reason }),
        })
    }

    async fn release(&self, reserved: Reserved, undo: &Undo<Reserve>) -> Result<(), BooksError> {
        self.work(|books| books.release(&undo.key(), reserved.hold))
            .await
    }

    async fn charge(&self, reserved: Reserved, step: &Step<Charge>) -> Result<Charge, BooksError> {
        let (hold, input) = (reserved.hold, step.input());
        let charged = self.work(|books| books.charge(&step.key(), &input.card, input.cart.total()));
        Ok(match charged.await? {
            Ok(payment) => step.to(Charged { hold, payment }),
            // A hold is released by its undo.
            Err(reason) => step.to(Rejected { reason }),
        })
    }

    async fn refund(&self, charged: Charged, undo: &Undo<Charge>) -> Result<(), BooksError> {
        let card = &undo.input().card;
        self.work(|books| books.refund(&undo.key(), card, charged.payment))
            .await
    }

    async fn ship(&self, charged: Charged, step: &Step<Ship>) -> Result<Ship, BooksError> {
        let Charged { hold, payment } = charged;
        let parcel = self.work(|books| books.ship(&step.key(), hold)).await?;
        Ok(step.to(Shipped { parcel, payment }))
    }

    async fn deliver(&self, shipped: Shipped, step: &Step<Deliver>) -> Result<Deliver, BooksError> {
        let Shipped { parcel, payment } = shipped;
        self.work(|books| books.hand_over(&step.key(), parcel))
            .await?;
        let units = step.input().cart.units().values().sum();
        Ok(step.to(Delivered {
            parcel,
            units,
            payment,
        }))
    }
}
