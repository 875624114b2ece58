//! Additions to the standard library and tokio: clocks, times and panics.

#[cfg(feature = "durable")]
pub(crate) mod clock;
pub(crate) mod panic;
#[cfg(feature = "durable")]
pub(crate) mod sync;
pub(crate) mod time;
