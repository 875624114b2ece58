//! The types of the fields that a clause may read.

use std::num::{NonZeroU8, NonZeroU16, NonZeroU32, NonZeroU64, NonZeroUsize};
use std::time::Duration;

/// The type of a field that stands for a number in a clause: `u8`, `u16`, `u32`, `u64`, `usize`, or a `NonZero` of one.
#[diagnostic::on_unimplemented(
    message = "a clause cannot read a number from a `{Self}`",
    label = "this field has to be a whole number without a sign, such as `u32`"
)]
pub trait ClauseNumber: sealed::Sealed {
    #[doc(hidden)]
    fn number(&self) -> u64;
}

/// The type of a field that stands for a time in a clause: [`Duration`].
#[diagnostic::on_unimplemented(
    message = "a clause cannot read a time from a `{Self}`",
    label = "this field has to be a `std::time::Duration`"
)]
pub trait ClauseTime: sealed::Sealed {
    #[doc(hidden)]
    fn time(&self) -> Duration;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! numbers {
    ($($Number:ty: $self:ident => $value:expr),*) => {$(
        impl sealed::Sealed for $Number {}

        impl ClauseNumber for $Number {
            fn number(&$self) -> u64 {
                $value
            }
        }
    )*};
}

numbers! {
    u8: self => u64::from(*self),
    u16: self => u64::from(*self),
    u32: self => u64::from(*self),
    u64: self => *self,
    // No platform of Rust has a larger `usize`.
    usize: self => u64::try_from(*self).unwrap_or(u64::MAX),
    NonZeroU8: self => u64::from(self.get()),
    NonZeroU16: self => u64::from(self.get()),
    NonZeroU32: self => u64::from(self.get()),
    NonZeroU64: self => self.get(),
    NonZeroUsize: self => u64::try_from(self.get()).unwrap_or(u64::MAX)
}

impl sealed::Sealed for Duration {}

impl ClauseTime for Duration {
    fn time(&self) -> Duration {
        *self
    }
}
