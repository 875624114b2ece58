//! What a run carries, on its way to bytes and back.

pub mod codec;
pub(crate) mod durable;
pub(crate) mod index;
