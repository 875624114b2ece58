//! Six workflows of the shape that real ones have, each kept in a store and driven by a runner.
//!
//! | module | what it shows |
//! | --- | --- |
//! | [`agent`] | a log, a split over calls, a signal beside a timer, a group |
//! | [`fulfilment`] | a group with a time limit, a signal that interrupts, undos |
//! | [`payment`] | a step out of two states, handlers that are called once, answers that refuse |
//! | [`cart`] | signals that stay, timers that each change puts off |
//! | [`checkout`] | four effects side by side that are each undone, and a call in doubt |
//! | [`monitor`] | a poll that backs off, an alert, a pause for an operator |

mod agent;
mod cart;
mod checkout;
mod fulfilment;
mod monitor;
mod payment;

use std::sync::Arc;
use std::time::Duration;

use stateway::runner::Handles;
use stateway::store::Store;
use stateway::{Clock, Durable, MemoryStore, Runner, Runners};

/// The time that a runner has to come to a boundary when it is shut down.
const SHUT_DOWN: Duration = Duration::from_secs(1);

/// The time between two looks into a store that nobody else writes to.
const SELDOM: Duration = Duration::from_hours(1);

fn store() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new())
}

/// Launches a runner whose time is that of the test.
async fn launch<W: Durable>(store: &Arc<dyn Store>, context: impl Handles<W>) -> Runner<W> {
    let builder = Runners::builder(Arc::clone(store)).workflow::<W>(context);
    // The runner looks into its store now and then, also where the time of a test leaps over months.
    let builder = builder.clock(Clock::tokio()).poll_every(SELDOM);
    let launched = builder.lease(SELDOM).launch().await;
    launched.expect("the store is free").of::<W>()
}
