//! The guide: a page for each need.
//!
//! | page | read it for |
//! | --- | --- |
//! | [`workflow!`](crate::workflow) | the block: states, transitions, groups, logs, and what the macro emits |
//! | `language` | the grammar, the rules and the idioms on two pages, to keep beside the editor |
//! | [`policies`] | what happens when a handler fails: `retry`, `timeout`, `undo`, `catch`, breakers and limits |
//! | [`splits`] | branches side by side, and how they are joined |
//! | `waiting` | runs that wait: signals, timers, polls and answers |
//! | `durability` | runs that outlive the process: what is recorded, what a crash repeats, how to operate them |
//! | `patterns` | the usual control-flow patterns by their names, and what each is here |
//! | `compiler_messages` | errors of rustc about code around a block, what they mean, and the way out |
//!
//! The pages without a link need the feature `durable`.

#[doc = include_str!("guide/policies.md")]
pub mod policies {}

#[doc = include_str!("guide/splits.md")]
pub mod splits {}

#[cfg(feature = "durable")]
#[doc = include_str!("guide/waiting.md")]
pub mod waiting {}

#[cfg(feature = "durable")]
#[doc = include_str!("guide/durable.md")]
pub mod durability {}

#[cfg(feature = "durable")]
#[doc = include_str!("guide/patterns.md")]
pub mod patterns {}

#[cfg(feature = "durable")]
#[doc = include_str!("guide/language.md")]
pub mod language {}

#[cfg(feature = "durable")]
#[doc = include_str!("guide/compiler_messages.md")]
pub mod compiler_messages {}
