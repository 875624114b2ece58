//! Payloads, on their way to bytes and back.

pub mod codec;
pub(crate) mod durable;
pub(crate) mod index;
