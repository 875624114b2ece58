//! Workflows for processes that must not take a wrong turn.
//!
//! A [`workflow!`] block declares the states of a process, the data that each state carries, and
//! the transitions between them. It becomes a typestate: a transition that was not declared does
//! not compile. The same declaration can be moved by hand, or driven by handlers.
//!
//! ```
//! use stateway::prelude::*;
//!
//! workflow! {
//!     /// One order, from checkout to doorstep.
//!     #[derive(Debug, PartialEq)]
//!     workflow Order {
//!         input { items: u32 }
//!
//!         start  Placed;
//!         state  Reserved { hold: u64 };
//!         done   Shipped { parcel: String };
//!         failed Rejected;
//!
//!         step reserve: Placed -> Reserved | Rejected;
//!         step ship: Reserved -> Shipped;
//!     }
//! }
//!
//! // By hand: the type says where the order is.
//! let order = Order::start(OrderInput { items: 2 }, Placed);
//! let order = order.reserve(|_placed| Reserved { hold: 7 });
//! assert_eq!(order.hold, 7);
//! ```
#![cfg_attr(feature = "runtime", doc = include_str!("driven.md"))]
//!
//! # Features
//!
//! `runtime` (default): the driver, `Step` and `RunError`. Without it [`workflow!`] gives the
//! typestate, the graph and the diagrams, and no trait of handlers.

#[cfg(feature = "runtime")]
mod driver;
#[cfg(feature = "runtime")]
mod error;
#[cfg(feature = "runtime")]
mod key;
mod macros;
#[cfg(feature = "runtime")]
mod step;

#[cfg(feature = "runtime")]
pub use error::{Cause, RunError};
#[cfg(feature = "runtime")]
pub use key::{Key, RunId};
pub use stateway_core::{
    Graph, State, StateInfo, StateKind, Transition, TransitionInfo, TransitionKind, Workflow,
};
#[cfg(feature = "runtime")]
pub use step::Step;

/// What a module that declares or handles workflows needs.
pub mod prelude {
    pub use crate::workflow;
    #[cfg(feature = "runtime")]
    pub use crate::{Cause, RunError, Step};
}

/// The README's code is tested like the documentation.
#[cfg(all(doctest, feature = "runtime"))]
#[doc = include_str!("../../README.md")]
mod readme {}

/// What generated code stands on. Not for use by hand: it may change in any release.
#[doc(hidden)]
pub mod __private {
    // Under one short path: a path of the standard library is twice as many tokens, and the
    // expansion of each block is read again at every `cargo check`.
    pub use core::convert::{From, Into};
    pub use core::future::Future;
    pub use core::marker::{Send, Sync};
    pub use core::ops::FnOnce;
    pub use core::result::Result::{self, Ok};

    pub use stateway_core::{
        Accepts, Carry, Graph, Machine, Source, StartState, State, StateInfo, StateKind, Target,
        Transition, TransitionInfo, TransitionKind, Workflow, advance, cast, demand_input,
        demand_payload, enter, graph, parts, state, transition,
    };
    pub use stateway_macros::expand;

    #[cfg(feature = "runtime")]
    pub use crate::driver::{Drive, run, yield_now};
    #[cfg(feature = "runtime")]
    pub use crate::step::Run;
}
