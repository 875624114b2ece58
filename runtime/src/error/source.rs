//! The error behind an error of a handler, for the `source` of ours.
//!
//! Handlers fail with whatever their context says, also with a `Box<dyn Error + Send + Sync>`, an `anyhow::Error` or a `String`, and none
//! of those is an [`Error`]. So our errors are one if it can be shown. Its text is a part of theirs, and their source is what it came
//! from, as far as that can be found out.

use std::any::Any;
use std::error::Error;

/// Gives what an error of a handler came from. That of a context is
/// `OrderSteps::source_of`.
pub(crate) type SourceOf<E> = fn(&E) -> Option<&(dyn Error + 'static)>;

/// The source of an error in a box, whatever error that is. Of any other type nothing is known.
pub(crate) fn of_boxed<E: 'static>(error: &E) -> Option<&(dyn Error + 'static)> {
    let error: &dyn Any = error;
    if let Some(error) = error.downcast_ref::<Box<dyn Error + Send + Sync>>() {
        return error.source();
    }
    let error = error.downcast_ref::<Box<dyn Error + Send>>();
    error.and_then(|error| error.source())
}
