//! The order process, and the shop's part in it.
//!
//! The block is all that can happen to an order. The handlers decide between the
//! declared ways; what they do to the shop is in [`books`](crate::books).

use std::sync::{Mutex, MutexGuard};

use stateway::prelude::*;

use crate::books::{Books, HoldId, NoSuchGoods, Parcel, Payment};
use crate::goods::{CardToken, Cart, CustomerId};
use crate::reason::Reason;

workflow! {
    /// One order, from checkout to doorstep.
    #[derive(Debug)]
    pub(crate) workflow Order {
        input { customer: CustomerId, card: CardToken, cart: Cart }

        start  Placed;
        state  Reserved { hold: HoldId };
        state  Charged { hold: HoldId, payment: Payment };
        state  Shipped { parcel: Parcel, payment: Payment };
        done   Delivered { parcel: Parcel, payment: Payment };
        failed Rejected { reason: Reason };

        /// All articles of the cart or none.
        step reserve: Placed -> Reserved | Rejected;
        /// A card that is declined gives the goods back to the stock.
        step charge: Reserved -> Charged | Rejected;
        step ship: Charged -> Shipped;
        step deliver: Shipped -> Delivered;
    }
}

/// The context of the orders: they share one set of books.
#[derive(Debug)]
pub(crate) struct Shop {
    books: Mutex<Books>,
}

/// Why a handler could not decide anything.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum ShopError {
    #[error("the books are half written: another order panicked over them")]
    HalfWritten,
    #[error(transparent)]
    NoSuchGoods(#[from] NoSuchGoods),
}

impl Shop {
    pub(crate) fn new(books: Books) -> Self {
        Shop {
            books: Mutex::new(books),
        }
    }

    /// Closes the shop.
    ///
    /// # Errors
    /// [`ShopError::HalfWritten`] if a handler panicked while it had the books.
    pub(crate) fn into_books(self) -> Result<Books, ShopError> {
        self.books.into_inner().map_err(|_| ShopError::HalfWritten)
    }

    fn books(&self) -> Result<MutexGuard<'_, Books>, ShopError> {
        self.books.lock().map_err(|_| ShopError::HalfWritten)
    }
}

impl OrderSteps for Shop {
    type Error = ShopError;

    async fn reserve(&self, _: Placed, step: &Step<Reserve>) -> Result<Reserve, ShopError> {
        Ok(match self.books()?.hold(step.input().cart.units()) {
            Ok(hold) => step.to(Reserved { hold }),
            Err(reason) => step.to(Rejected { reason }),
        })
    }

    async fn charge(&self, reserved: Reserved, step: &Step<Charge>) -> Result<Charge, ShopError> {
        let (input, mut books) = (step.input(), self.books()?);
        match books.charge(step.key(), &input.card, input.cart.total()) {
            Ok(payment) => Ok(step.to(Charged {
                hold: reserved.hold,
                payment,
            })),
            Err(reason) => {
                // The run ends here, so nothing after this handler can give the goods back.
                books.release(reserved.hold)?;
                Ok(step.to(Rejected { reason }))
            }
        }
    }

    async fn ship(&self, charged: Charged, step: &Step<Ship>) -> Result<Ship, ShopError> {
        let parcel = self.books()?.ship(charged.hold, &step.input().customer)?;
        Ok(step.to(Shipped {
            parcel,
            payment: charged.payment,
        }))
    }

    async fn deliver(&self, shipped: Shipped, step: &Step<Deliver>) -> Result<Deliver, ShopError> {
        let Shipped { parcel, payment } = shipped;
        self.books()?.hand_over(&parcel)?;
        Ok(step.to(Delivered { parcel, payment }))
    }
}
