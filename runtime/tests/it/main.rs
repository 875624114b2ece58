//! The language and runs in memory, in one program. The folders are those of `src`.
//!
//! Stored runs are in `durable`: both in one would keep one core busy and the other waiting. What needs a process of its
//! own stands beside: an allocator that counts, a stack that may overflow, a subscriber for all threads, a process that
//! is killed.

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
mod support;
#[cfg(feature = "runtime")]
mod wait;
