//! How the library behaves, in one program. The folders are those of `src`.
//!
//! What needs a process of its own stands beside: an allocator that counts, a stack that may overflow, a
//! subscriber for all threads, a process that is killed.

#[cfg(feature = "runtime")]
#[macro_use]
mod support;

mod typestate;

#[cfg(feature = "runtime")]
mod driver;
#[cfg(feature = "runtime")]
mod handler;
#[cfg(feature = "runtime")]
mod policy;
#[cfg(feature = "runtime")]
mod split;
#[cfg(feature = "runtime")]
mod wait;

#[cfg(all(feature = "redb", feature = "testing"))]
mod payload;
#[cfg(all(feature = "redb", feature = "testing"))]
mod runner;
#[cfg(all(feature = "redb", feature = "testing"))]
mod store;
#[cfg(all(feature = "redb", feature = "testing"))]
mod testing;
