//! The error behind an error of a handler, for the `source` of ours.
//!
//! Handlers may fail with a `Box<dyn Error + Send + Sync>`, an `anyhow::Error` or a `String`, and none
//! of those is an [`Error`]. So our errors only ask that the handlers' error can be shown. Its text is a part of theirs, and its
//! source is theirs, as far as that can be found out.

use std::any::Any;
use std::error::Error;

/// Returns the source of an error of a handler. The context gives it as `OrderSteps::source_of`.
pub(crate) type SourceOf<E> = fn(&E) -> Option<&(dyn Error + 'static)>;

/// Returns the source of an error that is in a box. Nothing is known of any other type.
pub(crate) fn of_boxed<E: 'static>(error: &E) -> Option<&(dyn Error + 'static)> {
    let error: &dyn Any = error;
    if let Some(error) = error.downcast_ref::<Box<dyn Error + Send + Sync>>() {
        return error.source();
    }
    let error = error.downcast_ref::<Box<dyn Error + Send>>();
    error.and_then(|error| error.source())
}
