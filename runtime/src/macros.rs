//! The wrapper around the proc macro.
//!
//! It forwards `$crate`, so the generated code finds this crate under whatever name and through
//! whatever re-export the block was written, and it says which features the crate was built with.
//!
//! Its page links to guide pages. A page that a build lacks becomes the list of features, which says what it needs.

#[cfg(feature = "durable")]
#[doc = include_str!("workflow.md")]
/// [`policies`]: crate::guide::policies
/// [`splits`]: crate::guide::splits
/// [`durability`]: crate::guide::durability
/// [`compiler_messages`]: crate::guide::compiler_messages
/// [`log`]: crate::log
#[macro_export]
macro_rules! workflow {
    ($($block:tt)*) => {
        $crate::__private0_1::expand! { ($crate) runtime durable { $($block)* } }
    };
}

#[cfg(all(feature = "runtime", not(feature = "durable")))]
#[doc = include_str!("workflow.md")]
/// [`policies`]: crate::guide::policies
/// [`splits`]: crate::guide::splits
/// [`durability`]: crate#features
/// [`compiler_messages`]: crate#features
/// [`log`]: crate::log
#[macro_export]
macro_rules! workflow {
    ($($block:tt)*) => {
        $crate::__private0_1::expand! { ($crate) runtime { $($block)* } }
    };
}

#[cfg(not(feature = "runtime"))]
#[doc = include_str!("workflow.md")]
/// [`policies`]: crate#features
/// [`splits`]: crate#features
/// [`durability`]: crate#features
/// [`compiler_messages`]: crate#features
/// [`log`]: crate#features
#[macro_export]
macro_rules! workflow {
    ($($block:tt)*) => {
        $crate::__private0_1::expand! { ($crate) { $($block)* } }
    };
}
