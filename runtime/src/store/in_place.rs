//! Where a store may block the thread that asks it.
//!
//! To wake a thread for the work and another for the answer takes as long as a small part of a flush. A store that has
//! nothing else to do saves both if it works where it is asked, and tokio lets a thread block that has
//! handed its other tasks to another one. That may not be done just anywhere: whoever asks has to say so.

use std::future::Future;

use tokio::runtime::{Handle, RuntimeFlavor};

tokio::task_local! {
    static MAY_BLOCK: ();
}

/// Asks a store that may block the thread meanwhile. For a task that was spawned, whose future does nothing else at
/// that time.
pub(crate) async fn asked<F: Future>(ask: F) -> F::Output {
    MAY_BLOCK.scope((), ask).await
}

/// Whether the thread may be blocked, by way of [`block_in_place`](tokio::task::block_in_place).
pub(crate) fn may_block() -> bool {
    // A runtime of one thread has no other to hand its tasks to.
    let has_others = |handle: Handle| handle.runtime_flavor() == RuntimeFlavor::MultiThread;
    MAY_BLOCK.try_with(|()| ()).is_ok() && Handle::try_current().is_ok_and(has_others)
}
