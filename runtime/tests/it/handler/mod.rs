//! What a handler sees.

mod key;
