//! The messages between client and server.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::kind::Kind;

/// The header of a busy server's answer: milliseconds until it is worth asking again.
pub(crate) const RETRY_AFTER: &str = "retry-after-ms";

/// `POST /book` and `POST /cancel`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) what: Kind,
    pub(crate) trip: u32,
    /// The idempotency key: a second request with it is the same request.
    pub(crate) key: String,
}

/// The answer to a booking.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Booking {
    pub(crate) id: u64,
}

/// `GET /books`: what is booked and not cancelled.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Balance {
    pub(crate) booked: BTreeMap<Kind, u32>,
    /// Bookings that were made and cancelled again.
    pub(crate) cancelled: u32,
    /// Requests that were answered with an error.
    pub(crate) failed: u32,
}
