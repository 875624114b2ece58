//! A crash at every operation of the store while a run waits.

mod answers;
mod claim;
mod interrupts;
mod late;
mod made;
mod parcel;

use std::sync::Arc;

use stateway::MemoryStore;
use stateway::testing::{Crash, Crashes};

/// Takes a run to its end with each crash at each operation, and with another at the same operation of the process that takes
/// over; then checks it. Gives the number of operations that were tried.
async fn at_each_operation<T, C: Default>(
    go: impl AsyncFn(Crashes, Arc<C>) -> T,
    check: impl AsyncFn(T, Arc<C>, Crashes),
) -> u64 {
    let mut operations = 0;
    for crash in Crash::ALL {
        for n in 1.. {
            println!("{crash:?} at {n}");
            let context = Arc::new(C::default());
            let crashes = Crashes::new(MemoryStore::new()).at(n, crash);
            let mut ended = tokio::select! {
                ended = go(crashes.clone(), Arc::clone(&context)) => Some(ended),
                () = crashes.crashed() => None,
            };
            if ended.is_none() {
                let again = crashes.at(n, crash);
                ended = tokio::select! {
                    ended = go(again.clone(), Arc::clone(&context)) => Some(ended),
                    () = again.crashed() => None,
                };
            }
            let whole = crashes.restarted();
            let ended = match ended {
                Some(ended) => ended,
                None => go(whole.clone(), Arc::clone(&context)).await,
            };
            check(ended, context, whole).await;
            if crashes.operations() < n {
                operations += n - 1;
                break;
            }
        }
    }
    operations
}
