//! What the clauses of a transition do.

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
