//! Tools for the tests of workflows and of stores.
//!
//! [`store_conformance!`](crate::store_conformance) checks that a store keeps the laws of
//! [`Store`](crate::Store). [`Crashes`] breaks a store on purpose, at a chosen operation, so that a
//! workflow can be taken through every crash that it may meet.

#[doc(hidden)]
pub mod conformance;
mod crashes;
#[doc(hidden)]
pub mod fuzz;

pub use crashes::{Crash, Crashes};

pub use crate::store_conformance;
