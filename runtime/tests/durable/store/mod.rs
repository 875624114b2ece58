//! Stores and their laws.

mod memory;
mod redb;
