//! The policy around a handler: the number of its calls, the time that they may take, and the gates and handlers
//! that are asked before and after.

#![expect(
    missing_debug_implementations,
    reason = "generated code names them, and nobody prints them"
)]

mod attempt;
mod attempts;
mod begin;
mod catch;
mod fails;
mod gate;
mod guard;
mod rules;
mod source;
mod terms;
mod undo;
mod verdict;
mod visit;

pub use begin::{Guard, copied, copy_of, no_gate};
pub use catch::{Caught, Nothing, Otherwise};
pub use fails::Fails;
pub use gate::{Limited, NoGate};
pub use guard::{attempted, attempted_by};
pub use source::{Copied, ForAll, ForOne, InDoubt, Keep, NotKept, Reads};
pub use undo::{UndoTurn, undo_in_doubt, undo_of_branch};
pub use verdict::Verdict;
