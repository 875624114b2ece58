//! Payloads on their way to bytes and back.

mod durable;
mod serde;
