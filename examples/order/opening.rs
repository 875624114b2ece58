//! The state of a shop at the start of a day.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::cents::Cents;
use crate::goods::{CardToken, Sku};

/// The stock, and the money on the cards.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Opening {
    pub(crate) stock: BTreeMap<Sku, u32>,
    pub(crate) cards: BTreeMap<CardToken, Card>,
}

/// The money behind a card.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Card {
    #[serde(rename = "available_cents")]
    pub(crate) available: Cents,
    pub(crate) blocked: bool,
}
