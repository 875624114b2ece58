//! The `Debug` text of joined outputs, some of which may have none.

use std::fmt::{self, Debug};

/// An output that may be `Debug`.
pub struct MaybeDebug<'a, T>(pub &'a T);

impl<'a, T: Debug> MaybeDebug<'a, T> {
    /// Returns the output.
    #[must_use]
    pub fn shown(&self) -> &'a dyn Debug {
        self.0
    }
}

struct Hidden;

impl Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("..")
    }
}

/// An output that is not `Debug`.
pub trait NotDebug {
    /// Returns the text that stands for it.
    fn shown(&self) -> &dyn Debug;
}

impl<T> NotDebug for MaybeDebug<'_, T> {
    fn shown(&self) -> &dyn Debug {
        &Hidden
    }
}
