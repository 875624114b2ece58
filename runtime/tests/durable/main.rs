//! Stored runs and stores, in one program. The folders are those of `src`.

#[macro_use]
mod support;

mod payload;
mod runner;
mod store;
mod testing;
mod wait;
