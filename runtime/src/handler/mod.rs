//! The views that handlers have of their run.

mod branch;
mod step;
mod undo;
mod undoing;

use std::future::Future;

use crate::run::PartName;

pub use branch::Branch;
pub use step::Step;
pub use undo::Undo;
pub use undoing::Undoing;

/// The view of a handler, as a part of its visit.
pub trait VisitPart {
    /// Returns the name of the part.
    fn part(&self) -> PartName;
}

/// The return type of a handler: every future. It is a trait of its own for its message.
#[diagnostic::on_unimplemented(
    message = "a handler is an `async fn`, and `{Self}` is no future",
    label = "this has to be given by an `async fn`",
    note = "write `async fn`, or give a future that is `Send`"
)]
pub trait Async: Future {}

#[diagnostic::do_not_recommend]
impl<F: Future> Async for F {}
