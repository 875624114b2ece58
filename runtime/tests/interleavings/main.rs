//! The orders in which threads can meet, by loom, of two protocols: who waits for the end of a run hears of it, and who asks the
//! writer of a file is answered.
//!
//! The files of the library stand here as they are; what they meet by (`support/sync.rs`) is a model, since loom has to see
//! each step of it. A thread that waits for ever is an error of loom: a deadlock.

#[expect(dead_code, reason = "it is told as a whole, and not looked into here")]
#[path = "../../src/runner/ends.rs"]
mod ends;
mod ends_model;
#[path = "../../src/runner/listeners.rs"]
mod listeners;
#[path = "../../src/store/redb/queue.rs"]
mod queue;
mod queue_model;

/// Tries every order in which at most twice a thread is interrupted that could go on. Nearly all faults that are known need no
/// more (Musuvathi and Qadeer, 2007); without a bound three threads take hours.
fn explore(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(2);
    builder.check(model);
}

/// The names of the library that the files use.
mod run {
    pub(crate) use stateway::RunId;
}

mod store {
    pub(crate) use stateway::store::Name;
}

mod support {
    pub(crate) mod sync;
}
