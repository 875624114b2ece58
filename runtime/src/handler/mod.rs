//! What a handler sees of its run.

mod branch;
mod step;
mod undo;

pub use branch::Branch;
pub use step::Step;
pub use undo::Undo;

/// What a handler sees, as a part of its visit.
pub trait Part {
    /// The name of the part: none for the visit as a whole.
    fn part(&self) -> String;
}
