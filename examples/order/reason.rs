//! Why the shop turns an order away.

use serde::{Deserialize, Serialize};

use crate::goods::Sku;

/// Why an order was rejected.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, thiserror::Error,
)]
#[non_exhaustive]
pub(crate) enum Reason {
    #[error("not sold here: {0}")]
    NotSold(Sku),
    #[error("out of stock: {0}")]
    OutOfStock(Sku),
    #[error("card unknown")]
    CardUnknown,
    #[error("card blocked")]
    CardBlocked,
    #[error("not enough money on the card")]
    NotEnoughMoney,
}
