//! Runs in memory that wait for signals and timers.

mod memory;
mod numbers;
mod panics;
