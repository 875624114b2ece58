//! What a handler sees of its run.

mod branch;
mod step;
mod undo;
mod undoing;

use crate::run::PartName;

pub use branch::Branch;
pub use step::Step;
pub use undo::Undo;
pub use undoing::Undoing;

/// What a handler sees, as a part of its visit.
pub trait VisitPart {
    /// Its name.
    fn part(&self) -> PartName;
}
