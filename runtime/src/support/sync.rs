//! What threads and tasks meet by, for the files whose every interleaving is tried: `tests/interleavings` takes them in with
//! a model of each of these.

pub(crate) use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
#[cfg(feature = "redb")]
pub(crate) use std::sync::{OnceLock, mpsc};

#[cfg(feature = "redb")]
pub(crate) use tokio::sync::Semaphore;
pub(crate) use tokio::sync::watch;
