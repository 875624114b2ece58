//! Runners of several workflows, with one engine.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{Runner, StopOnDrop};
use crate::payload::durable::Durable;

/// Drives the stored runs of several workflows. The runs are claimed together, and share the
/// [places](super::Builder::max_in_flight), the heartbeats and the settings.
///
/// ```no_run
/// # use stateway::prelude::*;
/// # use stateway::{Durable, LaunchError, RedbStore, Runners, runner::Handles};
/// # async fn launch<Order: Durable, Delivery: Durable>(
/// #     store: RedbStore, shop: impl Handles<Order>, fleet: impl Handles<Delivery>,
/// # ) -> Result<(), LaunchError> {
/// let runners = Runners::builder(store)
///     .workflow::<Order>(shop)
///     .workflow::<Delivery>(fleet)
///     .launch()
///     .await?;
/// let orders: Runner<Order> = runners.of::<Order>();
/// # Ok(())
/// # }
/// ```
///
/// Its clones are the same runners. When the last clone and the last of its runners are dropped, everything stops in place, as
/// if the process had died.
#[derive(Clone)]
pub struct Runners(Arc<StopOnDrop>);

impl Runners {
    pub(super) fn new(engine: Arc<StopOnDrop>) -> Self {
        Runners(engine)
    }

    /// Returns the runner of one of the workflows.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// # let runners = stateway::Runners::builder(MemoryStore::new()).workflow::<Order>(Shop).launch().await?;
    /// let orders: Runner<Order> = runners.of();
    /// orders.start("o-42", OrderInput { customer: 7 }, Placed).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    /// If the workflow was not [added](super::Builder::workflow) before the launch.
    #[must_use]
    #[track_caller]
    pub fn of<W: Durable>(&self) -> Runner<W> {
        let engine = &self.0.0;
        assert!(
            engine.drives_runs_of::<W>(),
            "`{}` is none of the workflows that were launched: add it by `.workflow::<{}>(..)`",
            W::NAME,
            W::GRAPH.name
        );
        Runner::new(Arc::clone(&self.0))
    }

    /// Shuts the runners of all these workflows down, as [`Runner::shut_down`] does.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// # let runners = stateway::Runners::builder(MemoryStore::new()).workflow::<Order>(Shop).launch().await?;
    /// // On SIGTERM, handlers of all workflows have 20 seconds to return.
    /// runners.shut_down(Duration::from_secs(20)).await;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Cancel safety
    /// Dropping the future leaves them draining.
    pub async fn shut_down(&self, within: Duration) {
        self.0.0.shut_down(within).await;
    }
}

impl fmt::Debug for Runners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runners")
            .field("workflows", &self.0.0.workflows())
            .finish_non_exhaustive()
    }
}
