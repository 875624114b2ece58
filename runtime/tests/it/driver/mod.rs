//! Runs that are driven in memory.

mod failure;
mod rollback_model;
mod run;
mod several;
