//! The wrapper around the proc macro.
//!
//! It forwards `$crate`, so that the generated code finds this crate under any name and through
//! any re-export, and it passes the features that the crate was built with.

#[cfg(feature = "durable")]
#[doc = include_str!("workflow.md")]
#[macro_export]
macro_rules! workflow {
    ($($block:tt)*) => {
        $crate::__private0_1::expand! { ($crate) runtime durable { $($block)* } }
    };
}

#[cfg(all(feature = "runtime", not(feature = "durable")))]
#[doc = include_str!("workflow.md")]
#[macro_export]
macro_rules! workflow {
    ($($block:tt)*) => {
        $crate::__private0_1::expand! { ($crate) runtime { $($block)* } }
    };
}

#[cfg(not(feature = "runtime"))]
#[doc = include_str!("workflow.md")]
#[macro_export]
macro_rules! workflow {
    ($($block:tt)*) => {
        $crate::__private0_1::expand! { ($crate) { $($block)* } }
    };
}
