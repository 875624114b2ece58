//! The arguments of a handler.

mod key;
