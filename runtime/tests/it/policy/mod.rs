//! The clauses of a transition.

mod backoff;
mod breaker;
mod cancel;
mod catch;
mod deadline;
mod ends;
mod fallback;
mod limit;
mod numbers;
mod numbers_refused;
mod table;
mod undo;
