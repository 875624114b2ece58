//! What a handler sees of its run.

mod branch;
mod step;
mod undo;

pub use branch::Branch;
pub use step::Step;
pub use undo::Undo;
