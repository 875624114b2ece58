//! `log messages: Message;`: what a run says once and never changes.

use proc_macro2::Ident;
use syn::Type;

use super::Attributes;

/// A log of the workflow.
pub(crate) struct Log {
    pub(crate) attributes: Attributes,
    pub(crate) name: Ident,
    /// The type of its entries.
    pub(crate) entry: Type,
}
