//! Runners of several workflows, with one engine.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{Runner, StopOnDrop};
use crate::payload::durable::Durable;

/// Drives the stored runs of several workflows: they are claimed together, and share the places for runs under way, the
/// heartbeats and the settings.
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
/// It may be cloned. When the last clone and the last of its runners are dropped, everything stops where it is, as if the
/// process had died.
#[derive(Clone)]
pub struct Runners(Arc<StopOnDrop>);

impl Runners {
    pub(super) fn new(engine: Arc<StopOnDrop>) -> Self {
        Runners(engine)
    }

    /// The runner of one of the workflows.
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
