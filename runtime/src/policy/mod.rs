//! What happens around a handler: how often it is called, how long it may take, and what is asked
//! before and after.

mod attempt;
mod guard;
mod source;

pub use guard::{Caught, Nothing, Verdict, guarded, undoing};
pub use source::{Keep, NotKept, kept, once_only};
