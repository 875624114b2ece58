//! What a handler sees of its run.

mod step;
mod undo;

pub use step::Step;
pub use undo::Undo;
