//! Pausing and resuming runs, and retrying at once.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::{PAGE, Runner, valid};
use crate::payload::durable::Durable;
use crate::run::{IntoRunId, RunId};
use crate::store::{Filter, RunRow, Status, Store, StoreError, StoreFuture};

impl<W: Durable> Runner<W> {
    /// Pauses a run: it stops at its next boundary, and stands still until it is [resumed](Runner::resume). The request is
    /// stored when this returns.
    ///
    /// A boundary is a recorded transition, a recorded undo, or the wait between two attempts. A run that nobody drives, such
    /// as one that waits for a signal or a timer, is [`Paused`](Status::Paused) at once. A handler that is running, or
    /// the branches of a split, end first; their outcome is recorded as usual, and no other handler is called after that. If
    /// another runner drives the run, that runner hears of the pause with its next record or its next heartbeat.
    ///
    /// Only [`resume`](Runner::resume), [`retry_now`](Runner::retry_now), [`cancel`](Runner::cancel) and
    /// [`terminate`](Runner::terminate) end a pause: it outlives the process. Signals to a paused run are stored, and taken when
    /// it is resumed. Timers, polls and deadlines that fall due meanwhile take effect then. A rollback can be paused as well, and
    /// continues as a rollback. Pausing a paused run changes nothing.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// # let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
    /// # let _ = run.reached(|order| matches!(order, AnyOrder::Charged(_))).await?;
    /// use stateway::store::Status;
    ///
    /// let operator = runner.by("operator 7");
    /// operator.pause("o-42").await?;
    /// assert_eq!(run.info().await?.status, Status::Paused);
    /// // Somebody looks into it.
    /// operator.resume("o-42").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Ended`], [`StoreError::Parked`] for a run that stands still already, and others if
    /// the store does not answer.
    ///
    /// # Cancel safety
    /// Dropping the future pauses the run or does not.
    pub async fn pause(&self, id: impl IntoRunId) -> Result<(), StoreError> {
        let (engine, id) = (self.engine(), valid(id)?);
        self.find(&id).await?;
        engine.store.pause(&id, self.request()).await?;
        engine.tell_to_pause(&id, true);
        Ok(())
    }

    /// Resumes a paused run at once, in the state that it is in. If it was paused by `else pause`, its handler gets all its attempts
    /// anew, with the same [key](crate::Step::key). If the run has not reached a boundary since it was asked to pause, the request
    /// is withdrawn.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// # let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
    /// # let _ = run.reached(|order| matches!(order, AnyOrder::Charged(_))).await?;
    /// # runner.pause("o-42").await?;
    /// use stateway::store::Status;
    ///
    /// runner.resume("o-42").await?;
    /// assert_eq!(run.info().await?.status, Status::Running);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::NotPaused`], and others if the store does not answer.
    ///
    /// # Cancel safety
    /// Dropping the future resumes the run or does not.
    pub async fn resume(&self, id: impl IntoRunId) -> Result<(), StoreError> {
        let (engine, id) = (self.engine(), valid(id)?);
        self.find(&id).await?;
        engine.store.resume(&id, self.request()).await?;
        engine.tell_to_pause(&id, false);
        engine.wake();
        Ok(())
    }

    /// Makes the next attempt of a run at once, without the rest of its delay. The attempts made so far still count, and the keys of
    /// the handler stay the same. A paused run is [resumed](Runner::resume) by it.
    ///
    /// It is for a transition, or an undo, that waits between two attempts; a branch of a split waits out its own delays. If
    /// another runner drives the run, that runner hears of the request with its next heartbeat. A limiter still decides when
    /// the call gets through.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// # let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
    /// # let _ = run.reached(|order| matches!(order, AnyOrder::Charged(_))).await?;
    /// use stateway::StoreError;
    ///
    /// match runner.by("the bank is back").retry_now("o-42").await {
    ///     Ok(()) => println!("the attempt is made now, and not in an hour"),
    ///     Err(StoreError::NotRetrying { .. }) => println!("no attempt has failed"),
    ///     Err(error) => return Err(error.into()),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Ended`], [`StoreError::Parked`], [`StoreError::NotRetrying`] for a run that
    /// waits for no attempt, or in which only branches do, and others if the store does not answer.
    ///
    /// # Cancel safety
    /// Dropping the future asks for the attempt or does not.
    pub async fn retry_now(&self, id: impl IntoRunId) -> Result<(), StoreError> {
        let (engine, id) = (self.engine(), valid(id)?);
        self.find(&id).await?;
        engine.store.retry_now(&id, self.request()).await?;
        engine.tell_to_pause(&id, false);
        engine.tell_to_retry(&id);
        Ok(())
    }

    /// [Pauses](Runner::pause) every run of this workflow that goes forward or is rolled back, and returns the number of runs that
    /// were asked to.
    ///
    /// The runs are paused one by one, page by page. Runs that are started afterwards are not paused, and runs that are started
    /// meanwhile may be.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// # let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
    /// # let _ = run.reached(|order| matches!(order, AnyOrder::Charged(_))).await?;
    /// let paused = runner.by("the bank is down").pause_all().await?;
    /// assert_eq!(paused, 1);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`StoreError`] if the store does not answer. Runs that were paused by then stay paused.
    ///
    /// # Cancel safety
    /// Dropping the future leaves some of the runs paused.
    pub async fn pause_all(&self) -> Result<u64, StoreError> {
        let forward = self.pause_each(Status::Running).await?;
        let back = self.pause_each(Status::RollingBack).await?;
        Ok(forward + back)
    }

    async fn pause_each(&self, status: Status) -> Result<u64, StoreError> {
        let engine = self.engine();
        self.each(
            status,
            |row| !row.pause_asked,
            |store, run, request| store.pause(run, request),
            |run| engine.tell_to_pause(run, true),
        )
        .await
    }

    /// [Resumes](Runner::resume) every paused run of this workflow, also those that `else pause` has paused, and returns their
    /// number.
    ///
    /// ```
    #[doc = include_str!("example.md")]
    /// # let run = runner.start("o-42", OrderInput { customer: 7 }, Placed).await?;
    /// # let _ = run.reached(|order| matches!(order, AnyOrder::Charged(_))).await?;
    /// # runner.pause_all().await?;
    /// let resumed = runner.by("the bank is back").resume_all().await?;
    /// assert_eq!(resumed, 1);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`StoreError`] if the store does not answer. Runs that were resumed by then stay resumed.
    ///
    /// # Cancel safety
    /// Dropping the future leaves some of the runs resumed.
    pub async fn resume_all(&self) -> Result<u64, StoreError> {
        let engine = self.engine();
        let mut resumed = 0;
        // Those that are paused, and those that have not come to a boundary yet.
        for status in [Status::Paused, Status::Running, Status::RollingBack] {
            resumed += self
                .each(
                    status,
                    |row| row.status == Status::Paused || row.pause_asked,
                    |store, run, request| store.resume(run, request),
                    |run| engine.tell_to_pause(run, false),
                )
                .await?;
        }
        engine.wake();
        Ok(resumed)
    }

    /// Asks each run that has this status and is `meant`, `tell`s the runner of each run that was asked, and counts them.
    async fn each(
        &self,
        status: Status,
        meant: fn(&RunRow) -> bool,
        ask: for<'a> fn(&'a dyn Store, &RunId, crate::store::Request) -> StoreFuture<'a, ()>,
        tell: impl Fn(&RunId),
    ) -> Result<u64, StoreError> {
        let engine = self.engine();
        let mut asked = 0;
        let mut page = Filter::new().workflow(W::NAME).status(status).limit(PAGE);
        loop {
            let rows = engine.store.list(page.clone()).await?;
            let is_last = rows.len() < page.limit;
            page.after = rows.last().map(|row| row.id.clone());
            // Together, so that they share their flushes.
            let mut answers = JoinSet::new();
            for row in rows.into_iter().filter(meant) {
                let (store, request) = (Arc::clone(&engine.store), self.request());
                answers.spawn(async move {
                    let answer = ask(&*store, &row.id, request).await;
                    (row.id, answer)
                });
            }
            while let Some(answer) = answers.join_next().await {
                match answer {
                    Ok((run, Ok(()))) => {
                        asked += 1;
                        tell(&run);
                    }
                    // It has moved on since it was listed, or cannot be read.
                    Ok((
                        _,
                        Err(
                            StoreError::Ended { .. }
                            | StoreError::Parked { .. }
                            | StoreError::NotPaused { .. }
                            | StoreError::NotFound { .. }
                            | StoreError::Broken { .. },
                        ),
                    )) => {}
                    Ok((_, Err(error))) => return Err(error),
                    Err(error) => return Err(StoreError::unavailable(error)),
                }
            }
            if is_last {
                return Ok(asked);
            }
        }
    }
}
