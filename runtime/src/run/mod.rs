//! A run: its id, the keys and names of its parts, and its position while it is driven.

mod branch;
mod current;
mod effects;
mod id;
mod key;
mod part;

pub use branch::BranchName;
pub use current::CurrentRun;
#[cfg(feature = "durable")]
pub(crate) use current::Resumed;
pub(crate) use current::{Options, OwnedRun};
#[cfg(feature = "durable")]
pub use effects::EffectSource;
pub(crate) use effects::{Effect, EffectValue, Effects, UndoOf, VisitEffects};
#[cfg(feature = "durable")]
pub use id::IntoRunId;
pub use id::{RunId, RunIdError};
#[cfg(feature = "durable")]
pub(crate) use id::{incarnation, unique};
pub use key::Key;
pub(crate) use key::Part;
#[cfg(feature = "durable")]
pub(crate) use part::branch;
pub(crate) use part::{PartName, PartOf};
