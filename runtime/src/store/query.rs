//! The choice of runs to list or to remove.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::SystemTime;

use super::micros::micros;
use super::{IndexEntry, IndexValue, Name, RunRow, Status};
use crate::run::RunId;

/// Chooses runs to list. Defaults to the first 100 of all.
///
/// ```
/// use stateway::store::{Filter, Status};
///
/// let parked = Filter::new().status(Status::Parked).newest_first().limit(20);
/// ```
///
/// If a part of the record of a run cannot be read, the run passes every condition on that part.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Filter {
    /// The name that the workflow is stored under.
    pub workflow: Option<String>,
    /// The status.
    pub status: Option<Status>,
    /// The name of the state.
    pub state: Option<String>,
    /// An entry of the [index](RunRow::index).
    pub index: Option<IndexEntry>,
    /// True for runs with a transition that [could not be undone](RunRow::not_undone) only.
    pub not_undone: bool,
    /// The time before which the run was started.
    pub started_before: Option<SystemTime>,
    /// True if the runs that were started last come first, in place of the order of their ids. A store may have to look at all
    /// runs for that.
    pub newest_first: bool,
    /// The last run of the page before.
    pub after: Option<RunId>,
    /// The largest number of runs.
    pub limit: usize,
}

impl Default for Filter {
    fn default() -> Self {
        Filter {
            workflow: None,
            status: None,
            state: None,
            index: None,
            not_undone: false,
            started_before: None,
            newest_first: false,
            after: None,
            limit: 100,
        }
    }
}

impl Filter {
    /// Chooses the first 100 of all runs.
    ///
    /// ```
    #[doc = include_str!("../runner/example.md")]
    /// # let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
    /// let orders = runner.list(Filter::new()).await?;
    /// assert_eq!(orders.len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Filter::default()
    }

    /// Chooses only runs of the workflow that is stored under this name. A [`Runner`](crate::Runner) always lists the runs of its own.
    /// The texts in the rows of a store are encoded: [`Text::read`](crate::store::Text::read) decodes them.
    ///
    /// ```
    #[doc = include_str!("../runner/example.md")]
    /// use stateway::Store as _;
    ///
    /// let store = Arc::new(MemoryStore::new());
    /// let runner = Runner::<Order>::builder(Shop).store(Arc::clone(&store)).launch().await?;
    /// runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
    ///
    /// // A dashboard of all workflows looks into the store.
    /// assert_eq!(store.list(Filter::new().workflow("Order")).await?.len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn workflow(mut self, name: impl Into<String>) -> Self {
        self.workflow = Some(name.into());
        self
    }

    /// Chooses only runs with this status.
    ///
    /// ```
    #[doc = include_str!("../runner/example.md")]
    /// # let run = runner.start("o-42", OrderInput { customer: 0 }, Placed).await?;
    /// # assert!(run.end().await.is_err());
    /// use stateway::store::Status;
    ///
    /// let failed = runner.list(Filter::new().status(Status::Failed)).await?;
    /// assert_eq!(failed[0].id.text(), "o-42");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn status(mut self, status: Status) -> Self {
        self.status = Some(status);
        self
    }

    /// Chooses only runs in the state of this name.
    ///
    /// ```
    #[doc = include_str!("../runner/example.md")]
    /// # let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
    /// # let _ = run.reached(|order| matches!(order, AnyOrder::Charged(_))).await?;
    /// let charged = runner.list(Filter::new().state("Charged")).await?;
    /// assert_eq!(charged.len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn state(mut self, name: impl Into<String>) -> Self {
        self.state = Some(name.into());
        self
    }

    /// Chooses only runs with this entry in their [index](RunRow::index): the field of their state has `#[index]`.
    ///
    /// ```
    #[doc = include_str!("../runner/example.md")]
    /// # let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
    /// # let _ = run.reached(|order| matches!(order, AnyOrder::Charged(_))).await?;
    /// // `state Charged { #[index] city: String };`
    /// let for_oslo = Filter::new().state("Charged").index("city", "Oslo");
    /// assert_eq!(runner.list(for_oslo).await?.len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn index(mut self, name: impl Into<String>, value: impl Into<IndexValue>) -> Self {
        self.index = Some(IndexEntry {
            name: name.into().into(),
            value: value.into(),
        });
        self
    }

    /// Chooses only runs with a transition that [could not be undone](RunRow::not_undone).
    ///
    /// ```
    #[doc = include_str!("../runner/example.md")]
    /// # let run = runner.start("o-13", OrderInput { customer: 13 }, Placed).await?;
    /// # let _ = run.reached(|order| matches!(order, AnyOrder::Charged(_))).await?;
    /// # runner.cancel("o-13").await?;
    /// # assert!(run.end().await.is_err());
    /// for row in runner.list(Filter::new().not_undone()).await? {
    ///     println!("{}: {} refunds have failed", row.id, row.not_undone);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn not_undone(mut self) -> Self {
        self.not_undone = true;
        self
    }

    /// Chooses only runs that were started before `time`.
    ///
    /// ```
    #[doc = include_str!("../runner/example.md")]
    /// # let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
    /// use std::time::SystemTime;
    ///
    /// let yesterday = SystemTime::now() - Duration::from_hours(24);
    /// let stuck = Filter::new().state("Charged").started_before(yesterday);
    /// assert!(runner.list(stuck).await?.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn started_before(mut self, time: SystemTime) -> Self {
        self.started_before = Some(time);
        self
    }

    /// Lists the runs that were started last first, in place of the order of their ids. A store may have to look at all
    /// runs for that.
    ///
    /// ```
    #[doc = include_str!("../runner/example.md")]
    /// # runner.start("o-1", OrderInput { customer: 7 }, Placed).await?;
    /// # std::thread::sleep(Duration::from_millis(1));
    /// # runner.start("o-2", OrderInput { customer: 7 }, Placed).await?;
    /// let newest = runner.list(Filter::new().newest_first().limit(1)).await?;
    /// assert_eq!(newest[0].id.text(), "o-2");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn newest_first(mut self) -> Self {
        self.newest_first = true;
        self
    }

    /// Chooses only runs that come after `run`, the last one of the page before.
    ///
    /// ```
    #[doc = include_str!("../runner/example.md")]
    /// # runner.start("o-1", OrderInput { customer: 7 }, Placed).await?;
    /// # runner.start("o-2", OrderInput { customer: 7 }, Placed).await?;
    /// let mut page = Filter::new().limit(1);
    /// while let Some(last) = runner.list(page.clone()).await?.pop() {
    ///     println!("{} is in {}", last.id, last.state);
    ///     page = page.after(last.id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn after(mut self, run: RunId) -> Self {
        self.after = Some(run);
        self
    }

    /// Chooses at most `runs` runs. Defaults to 100.
    ///
    /// ```
    #[doc = include_str!("../runner/example.md")]
    /// # let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
    /// let page = runner.list(Filter::new().limit(20)).await?;
    /// assert!(page.len() <= 20);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn limit(mut self, runs: usize) -> Self {
        self.limit = runs;
        self
    }

    /// Returns the run behind which a list in the order of ids begins.
    pub(crate) fn behind_id(&self) -> Option<&RunId> {
        self.after.as_ref().filter(|_| !self.newest_first)
    }

    /// Returns the run behind which a list of the newest begins.
    pub(crate) fn behind_newer(&self) -> Option<&RunId> {
        self.after.as_ref().filter(|_| self.newest_first)
    }

    /// Returns true if the filter chooses the run of this row. [`after`](Filter::after) and [`limit`](Filter::limit) do not matter.
    ///
    /// ```
    /// use stateway::store::{Filter, NewRun, RunRow, Status};
    /// # use stateway::RunId;
    /// # let now = std::time::SystemTime::now();
    /// # let row = RunRow::new(&NewRun::new(RunId::unique(), "Order", 1, "Placed", now));
    ///
    /// // A store lists with it.
    /// assert!(Filter::new().state("Placed").passes(&row));
    /// assert!(!Filter::new().status(Status::Parked).passes(&row));
    /// ```
    #[must_use]
    pub fn passes(&self, row: &RunRow) -> bool {
        self.workflow.as_ref().is_none_or(|it| *it == row.workflow)
            && self.status.is_none_or(|it| it == row.status)
            && self.state.as_ref().is_none_or(|it| *it == row.state)
            && self.index.as_ref().is_none_or(|it| row.index.contains(it))
            && (!self.not_undone || row.not_undone > 0)
            && self.started_before.is_none_or(|it| row.started < it)
    }
}

/// A page of a list, to which all rows that pass are offered in the order of their ids.
pub(crate) struct Page {
    is_by_id: bool,
    limit: usize,
    /// The place of the last row of the page before.
    after: Option<ListPlace>,
    rows: BTreeMap<ListPlace, RunRow>,
}

/// The place of a row in a list: the time the run was started, if the newest come first, and its id.
type ListPlace = (Reverse<i64>, RunId);

impl Page {
    /// Returns the empty page of a filter, which begins behind the row of [`behind_newer`](Filter::behind_newer).
    pub(crate) fn new(filter: &Filter, behind: Option<RunRow>) -> Self {
        let place = |row: RunRow| (Reverse(micros(row.started)), row.id);
        Page {
            is_by_id: !filter.newest_first,
            limit: filter.limit,
            after: behind.map(place),
            rows: BTreeMap::new(),
        }
    }

    /// Returns true if no further row is on it.
    pub(crate) fn is_full(&self) -> bool {
        self.rows.len() >= self.limit && (self.is_by_id || self.limit == 0)
    }

    pub(crate) fn offer(&mut self, row: RunRow) {
        let started = if self.is_by_id {
            0
        } else {
            micros(row.started)
        };
        let place = (Reverse(started), row.id.clone());
        if self.after.as_ref().is_some_and(|after| place <= *after) {
            return;
        }
        self.rows.insert(place, row);
        if self.rows.len() > self.limit {
            self.rows.pop_last();
        }
    }

    pub(crate) fn into_rows(self) -> Vec<RunRow> {
        self.rows.into_values().collect()
    }
}

/// The number of runs with one status and one state.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct RunCount {
    /// The status.
    pub status: Status,
    /// The name of the state.
    pub state: Name,
    /// The number of runs.
    pub runs: u64,
}

/// Chooses runs to remove.
///
/// ```
#[doc = include_str!("../runner/example.md")]
/// use std::time::SystemTime;
/// use stateway::{Store as _, store::Purge};
///
/// # let store = MemoryStore::new();
/// let month_ago = SystemTime::now() - Duration::from_hours(30 * 24);
/// // A store keeps the runs of workflows that no program has any more.
/// let purge = Purge::new(month_ago).workflow("OldOrder").limit(500);
/// println!("{} runs are removed", store.purge(purge).await?);
/// # Ok(())
/// # }
/// ```
///
/// [`Runner::purge`](crate::Runner::purge) removes the runs of its workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Purge {
    /// The name that the workflow is stored under.
    pub workflow: Option<String>,
    /// The time before which the run ended.
    pub ended_before: SystemTime,
    /// The largest number of runs. Those that ended first are removed.
    pub limit: usize,
}

impl Purge {
    /// Chooses runs that ended before this time.
    #[must_use]
    pub fn new(ended_before: SystemTime) -> Self {
        Purge {
            workflow: None,
            ended_before,
            limit: 1_000,
        }
    }

    /// Chooses only runs of the workflow that is stored under this name.
    #[must_use]
    pub fn workflow(mut self, name: impl Into<String>) -> Self {
        self.workflow = Some(name.into());
        self
    }

    /// Chooses at most `runs` runs, those that ended first. Defaults to 1,000.
    #[must_use]
    pub fn limit(mut self, runs: usize) -> Self {
        self.limit = runs;
        self
    }
}
