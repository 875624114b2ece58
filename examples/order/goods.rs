//! The goods of an order: articles, carts, customers and their cards.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use crate::cents::Cents;

/// An article, by the name that the shop keeps it under.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Sku(String);

/// Who ordered.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct CustomerId(String);

/// A token that stands for a card; the number itself never reaches the shop.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct CardToken(String);

/// The quantity of an article.
pub(crate) type Units = BTreeMap<Sku, u64>;

/// The ordered goods: at least one article, at a total that is known to fit.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Vec<Line>", into = "Vec<Line>")]
pub(crate) struct Cart {
    lines: Vec<Line>,
    units: Units,
    total: Cents,
}

/// One line of a cart, as it is written in a file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    sku: Sku,
    quantity: NonZeroU32,
    /// The price of one unit.
    price_cents: Cents,
}

/// Why a list of lines is no cart.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
enum CartError {
    #[error("the cart is empty")]
    Empty,
    #[error("the total of the cart is beyond all money")]
    TotalTooLarge,
}

impl Cart {
    /// The quantities, each article once.
    pub(crate) fn units(&self) -> &Units {
        &self.units
    }

    /// The total price.
    pub(crate) fn total(&self) -> Cents {
        self.total
    }
}

impl TryFrom<Vec<Line>> for Cart {
    type Error = CartError;

    fn try_from(lines: Vec<Line>) -> Result<Self, CartError> {
        let (mut units, mut total) = (Units::new(), 0_u64);
        for line in &lines {
            let quantity = u64::from(line.quantity.get());
            total = quantity
                .checked_mul(line.price_cents.0)
                .and_then(|price| total.checked_add(price))
                .ok_or(CartError::TotalTooLarge)?;
            // No overflow: it would take more lines than fit into memory.
            *units.entry(line.sku.clone()).or_default() += quantity;
        }
        if units.is_empty() {
            return Err(CartError::Empty);
        }
        Ok(Cart {
            lines,
            units,
            total: Cents(total),
        })
    }
}

impl From<Cart> for Vec<Line> {
    fn from(cart: Cart) -> Self {
        cart.lines
    }
}

impl fmt::Display for Sku {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for CustomerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
