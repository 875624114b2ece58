//! The primitives by which threads and tasks meet, for the files whose interleavings are tried: `tests/interleavings` includes those
//! files with a model of each primitive.

pub(crate) use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
#[cfg(feature = "redb")]
pub(crate) use std::sync::{OnceLock, mpsc};

#[cfg(feature = "redb")]
pub(crate) use tokio::sync::Semaphore;
pub(crate) use tokio::sync::watch;
