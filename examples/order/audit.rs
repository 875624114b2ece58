//! The audit at the end of the day: do the books balance?

use std::collections::BTreeMap;

use crate::books::{Books, HoldId, ParcelId};
use crate::cents::Cents;
use crate::goods::{Sku, Units};
use crate::opening::{Card, Opening};
use crate::summary::Summary;

/// Something that came from nowhere or went nowhere.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Imbalance {
    #[error("{sku}: {before} in stock before, but {after} after and {delivered} delivered")]
    Stock {
        sku: Sku,
        before: u64,
        after: u64,
        delivered: u64,
    },
    #[error("{0} is still on hold, and no order is left to ship it")]
    Held(HoldId),
    #[error("parcel {0} is still under way, and no order is left to deliver it")]
    UnderWay(ParcelId),
    #[error("{counted} units were delivered by the orders, {booked} by the books")]
    Units { counted: u64, booked: u64 },
    #[error("{left_cards} left the cards, but {revenue} is the revenue of the orders")]
    Money { left_cards: Cents, revenue: Cents },
    #[error("{payments} was paid, but {revenue} is the revenue of the orders")]
    Payments { payments: Cents, revenue: Cents },
}

/// Compares the books with what they were opened with, and with what the orders say happened.
///
/// The orders are the other witness: their ends were counted without a look at the books.
pub(crate) fn imbalances(opening: &Opening, books: Books, summary: &Summary) -> Vec<Imbalance> {
    let mut found = Vec::new();
    for (sku, before) in &opening.stock {
        let before = u64::from(*before);
        let count = |units: &Units| units.get(sku).copied().unwrap_or(0);
        let (after, delivered) = (count(&books.stock), count(&books.handed_over));
        if before != after + delivered {
            found.push(Imbalance::Stock {
                sku: sku.clone(),
                before,
                after,
                delivered,
            });
        }
    }
    found.extend(books.held.into_keys().map(Imbalance::Held));
    found.extend(books.under_way.into_keys().map(Imbalance::UnderWay));

    let (counted, booked) = (summary.units(), books.handed_over.values().sum());
    if counted != booked {
        found.push(Imbalance::Units { counted, booked });
    }
    let revenue = summary.revenue();
    let money = |cards: &BTreeMap<_, Card>| {
        // No overflow: what is too much for one sum is refused when the shop is read.
        cards.values().map(|card| card.available.0).sum::<u64>()
    };
    // Saturating: money that came to the cards must not hide behind a wrapped number.
    let left_cards = Cents(money(&opening.cards).saturating_sub(money(&books.cards)));
    if left_cards != revenue {
        found.push(Imbalance::Money {
            left_cards,
            revenue,
        });
    }
    let payments = books.payments.values().map(|payment| payment.amount.0);
    let payments = Cents(payments.sum());
    if payments != revenue {
        found.push(Imbalance::Payments { payments, revenue });
    }
    found
}
