//! Splits: the types that branches are joined to, and the future that takes a run through one.

mod body;
mod constant;
mod joined;
mod remembered;

pub(super) use body::{attempt, item_argument, items as items_of};
pub(super) use constant::constant;
pub(super) use joined::{texts, types};
