//! A deadline of a workflow that leads to a state.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use stateway::prelude::*;
use stateway::runner::Run;
use stateway::store::{Event, Status, Store};
use stateway::{Cause, Clock};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::claim::stores;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);

workflow! {
    #[derive(Debug, Clone, PartialEq)]
    #[durable(version = 1)]
    pub(super) workflow Claim {
        start Filed { takes: u32 };
        state Checked;
        state Rated { by: u32 };
        state Overdue;
        done Paid { cents: u32 };
        done Closed { notes: u32 };
        failed Dropped;

        deadline 30m -> Overdue;

        step check: Filed -> Checked with undo(uncheck), retry(20, every 1m), catch(give_up);
        signal rate(u32) answers u32: Checked -> Rated with retry(5, every 10m);
        split pay: Rated -> Paid {
            branch bank: u32 with retry(5, every 20m);
            branch books: u32 with spawn;
            join all;
        }
        signal close(u32): Overdue -> Closed;
        signal withdraw: Checked | Overdue -> Closed;
        signal note: Checked;
        timer drop_it after 1h: Overdue -> Dropped;
    }
}

/// Takes as many minutes for a check as the claim says, and for a payment.
#[derive(Default)]
pub(super) struct Office {
    failures: AtomicU32,
    payment: AtomicU32,
    bank_fails: AtomicBool,
    said: Mutex<Vec<String>>,
}

impl Office {
    fn say(&self, what: impl Into<String>) {
        self.said.lock().unwrap().push(what.into());
    }

    fn said(&self) -> Vec<String> {
        std::mem::take(&mut *self.said.lock().unwrap())
    }

    fn fails(&self) -> bool {
        let left = self.failures.load(Ordering::Relaxed);
        self.failures
            .store(left.saturating_sub(1), Ordering::Relaxed);
        left > 0
    }
}

impl ClaimSteps for Office {
    type Error = String;

    async fn check(&self, filed: Filed, step: &Step<Check>) -> Result<Check, String> {
        self.say("check");
        sleep(MINUTE * filed.takes).await;
        if self.fails() {
            return Err("no line".into());
        }
        Ok(step.to(Checked))
    }

    async fn give_up(
        &self,
        _: Filed,
        _: Cause<String>,
        step: &Step<Check>,
    ) -> Result<Check, String> {
        self.say("caught");
        Ok(step.to(Checked))
    }

    async fn uncheck(&self, _: Checked, _: &Undo<Check>) -> Result<(), String> {
        self.say("unchecked");
        Ok(())
    }

    async fn rate(
        &self,
        _: Checked,
        by: u32,
        step: &Step<OnRate>,
    ) -> Result<Answered<OnRate, u32>, String> {
        self.say("rate");
        if self.fails() {
            return Err("no line".into());
        }
        Ok(step.to(Rated { by }).answer(by))
    }

    async fn bank(&self, rated: &Rated, _: &Branch<Pay>) -> Result<u32, String> {
        sleep(MINUTE * self.payment.load(Ordering::Relaxed)).await;
        if self.bank_fails.load(Ordering::Relaxed) {
            return Err("no line".into());
        }
        Ok(rated.by)
    }

    async fn books(&self, _: &Rated, _: &Branch<Pay>) -> Result<u32, String> {
        sleep(MINUTE * self.payment.load(Ordering::Relaxed)).await;
        Ok(0)
    }

    async fn pay(&self, _: Rated, joined: PayJoined, step: &Step<Pay>) -> Result<Pay, String> {
        Ok(step.to(Paid {
            cents: joined.bank + joined.books,
        }))
    }

    async fn close(&self, _: Overdue, notes: u32, step: &Step<OnClose>) -> Result<OnClose, String> {
        Ok(step.to(Closed { notes }))
    }

    async fn withdraw(
        &self,
        from: WithdrawFrom,
        step: &Step<OnWithdraw>,
    ) -> Result<OnWithdraw, String> {
        if let WithdrawFrom::Checked(_) = from {
            sleep(MINUTE * 60).await;
        }
        Ok(step.to(Closed { notes: 0 }))
    }

    async fn note(&self, _: &mut Checked, _: &Step<OnNote>) -> Result<(), String> {
        Ok(())
    }

    async fn drop_it(&self, _: Overdue, step: &Step<OnDropIt>) -> Result<OnDropIt, String> {
        Ok(step.to(Dropped))
    }
}

fn filed(takes: u32) -> Claim<Filed> {
    Claim::start(Filed { takes })
}

async fn launch(store: &Arc<dyn Store>, office: &Arc<Office>) -> Runner<Claim> {
    let runner = Runner::<Claim>::shared(Arc::clone(office)).clock(Clock::tokio());
    runner.store(Arc::clone(store)).launch().await.unwrap()
}

async fn started(runner: &Runner<Claim>, takes: u32) -> Run<Claim> {
    runner.start("c-1", (), Filed { takes }).await.unwrap()
}

async fn overdue(run: &Run<Claim>) {
    let reached = run.reached(|claim| matches!(claim, AnyClaim::Overdue(_)));
    let _ = reached.await.unwrap();
}

/// The transitions of a run, with their visits.
async fn taken(runner: &Runner<Claim>) -> Vec<(String, u64)> {
    let history = runner.history("c-1").await.unwrap();
    let taken = history.into_iter().filter_map(|row| match row.event {
        Event::Transition {
            transition, visit, ..
        } => Some((transition.to_string(), visit)),
        _ => None,
    });
    taken.collect()
}

fn pairs(of: &[(&str, u64)]) -> Vec<(String, u64)> {
    of.iter()
        .map(|(name, visit)| ((*name).to_owned(), *visit))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn in_memory_a_run_goes_on_in_the_state_that_its_deadline_leads_to() {
    let office = Arc::new(Office::default());
    for takes in [0, 60] {
        let mut run = filed(takes).run(&office);
        let remote = run.remote();
        let closes = async {
            sleep(MINUTE * 29).await;
            remote.close(3).await.unwrap();
        };
        let began = Instant::now();
        let (end, ()) = tokio::join!(run, closes);
        assert_eq!(end.unwrap(), ClaimEnd::Closed(Closed { notes: 3 }));
        assert_eq!(
            began.elapsed(),
            MINUTE * 30,
            "its check takes {takes} minutes"
        );
    }
    assert!(!office.said().contains(&"caught".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn in_memory_the_state_may_lead_to_a_failed_one_and_the_run_is_rolled_back() {
    let office = Arc::new(Office::default());
    let mut run = filed(0).run(&office);
    let _remote = run.remote();
    let began = Instant::now();
    assert_eq!(run.await.unwrap(), ClaimEnd::Dropped(Dropped));
    assert_eq!(began.elapsed(), MINUTE * 90, "it has no second deadline");
    assert_eq!(office.said(), ["check", "unchecked"]);
}

#[tokio::test(start_paused = true)]
async fn stored_a_run_goes_on_in_the_state_that_its_deadline_leads_to() {
    for store in stores() {
        let office = Arc::new(Office::default());
        let runner = launch(&store, &office).await;
        let run = started(&runner, 0).await;
        overdue(&run).await;
        assert_eq!(
            taken(&runner).await,
            pairs(&[("check", 1), ("deadline", 2)])
        );
        run.close(1).await.unwrap();
        assert_eq!(
            run.end().await.unwrap(),
            ClaimEnd::Closed(Closed { notes: 1 })
        );
        runner.shut_down(SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn stored_what_is_under_way_is_dropped_and_is_no_visit() {
    for failures in [0, 100] {
        for store in stores() {
            let office = Arc::new(Office::default());
            office.failures.store(failures, Ordering::Relaxed);
            let takes = if failures == 0 { 60 } else { 4 };
            let runner = launch(&store, &office).await;
            let run = started(&runner, takes).await;
            overdue(&run).await;
            assert_eq!(taken(&runner).await, pairs(&[("deadline", 1)]));
            assert!(!office.said().contains(&"caught".to_owned()));
            run.close(1).await.unwrap();
            assert!(run.end().await.is_ok());
            runner.shut_down(SECOND).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn it_passes_once_also_over_restarts() {
    for store in stores() {
        let office = Arc::new(Office::default());
        let runner = launch(&store, &office).await;
        started(&runner, 0).await;
        sleep(MINUTE).await;
        runner.shut_down(SECOND).await;
        // It passes while nobody drives the run.
        sleep(MINUTE * 40).await;
        let runner = launch(&store, &office).await;
        let run = runner.get("c-1").await.unwrap().unwrap();
        overdue(&run).await;
        sleep(MINUTE * 5).await;
        runner.shut_down(SECOND).await;
        let runner = launch(&store, &office).await;
        let run = runner.get("c-1").await.unwrap().unwrap();
        sleep(MINUTE * 30).await;
        assert_eq!(run.info().await.unwrap().state, "Overdue");
        assert_eq!(run.end().await.unwrap(), ClaimEnd::Dropped(Dropped));
        let expected = pairs(&[("check", 1), ("deadline", 2), ("drop_it", 3)]);
        assert_eq!(taken(&runner).await, expected);
        runner.shut_down(SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_split_is_dropped_with_its_branches() {
    for store in stores() {
        let office = Arc::new(Office::default());
        office.payment.store(60, Ordering::Relaxed);
        let runner = launch(&store, &office).await;
        let run = started(&runner, 0).await;
        assert_eq!(run.rate(7).answered().await.unwrap(), 7);
        overdue(&run).await;
        let expected = pairs(&[("check", 1), ("rate", 2), ("deadline", 3)]);
        assert_eq!(taken(&runner).await, expected);
        runner.shut_down(SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_message_of_a_handler_that_is_dropped_is_not_consumed() {
    for store in stores() {
        let office = Arc::new(Office::default());
        let runner = launch(&store, &office).await;
        let run = started(&runner, 0).await;
        sleep(MINUTE).await;
        office.failures.store(100, Ordering::Relaxed);
        let sent = run.rate(7).message_id("m-1").await.unwrap();
        run.close(2).message_id("m-2").await.unwrap();
        assert_eq!(
            run.end().await.unwrap(),
            ClaimEnd::Closed(Closed { notes: 2 })
        );
        assert!(sent.answered().await.is_err());
        let history = runner.history("c-1").await.unwrap();
        let left: Vec<_> = history
            .last()
            .unwrap()
            .left
            .iter()
            .map(|it| &*it.id)
            .collect();
        assert_eq!(left, ["m-1"]);
        runner.shut_down(SECOND).await;
    }
    // In memory the sender hears that there is no answer.
    let office = Office::default();
    office.failures.store(100, Ordering::Relaxed);
    let office = Arc::new(office);
    let mut run = filed(0).run(&office);
    let remote = run.remote();
    let sends = async {
        office.failures.store(0, Ordering::Relaxed);
        sleep(MINUTE).await;
        office.failures.store(100, Ordering::Relaxed);
        let answer = remote.rate(7).answered().await;
        remote.close(2).await.unwrap();
        answer
    };
    let (end, answer) = tokio::join!(run, sends);
    assert!(answer.is_err());
    assert_eq!(end.unwrap(), ClaimEnd::Closed(Closed { notes: 2 }));
}

#[tokio::test(start_paused = true)]
async fn the_message_of_a_handler_that_is_dropped_is_taken_by_the_state_that_follows() {
    for store in stores() {
        let runner = launch(&store, &Arc::default()).await;
        let run = started(&runner, 0).await;
        sleep(MINUTE).await;
        let sent = run.withdraw().message_id("m-1").await.unwrap();
        let applied = timeout(MINUTE * 30, sent.applied()).await.unwrap();
        assert_eq!(applied.unwrap(), OnWithdraw::Closed(Closed { notes: 0 }));
        let expected = pairs(&[("check", 1), ("deadline", 2), ("withdraw", 3)]);
        assert_eq!(taken(&runner).await, expected);
        runner.shut_down(SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_step_whose_next_attempt_would_be_late_waits_for_the_deadline() {
    for store in stores() {
        let office = Arc::new(Office::default());
        office.failures.store(100, Ordering::Relaxed);
        let runner = launch(&store, &office).await;
        // An attempt every five minutes, of which the last ends in minute 29.
        let run = started(&runner, 4).await;
        sleep(MINUTE * 29 + SECOND * 30).await;
        assert_eq!(run.info().await.unwrap().state, "Filed");
        let began = Instant::now();
        overdue(&run).await;
        assert!(began.elapsed() <= SECOND * 31, "{:?}", began.elapsed());
        runner.shut_down(SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_branch_whose_next_attempt_would_be_late_waits_for_the_deadline() {
    let office = Arc::new(Office::default());
    office.payment.store(20, Ordering::Relaxed);
    office.bank_fails.store(true, Ordering::Relaxed);
    let mut run = filed(0).run(&office);
    let remote = run.remote();
    let sends = async {
        sleep(MINUTE).await;
        remote.rate(7).await.unwrap();
        remote.close(1).await.unwrap();
    };
    let began = Instant::now();
    let (end, ()) = tokio::join!(run, sends);
    assert_eq!(end.unwrap(), ClaimEnd::Closed(Closed { notes: 1 }));
    assert_eq!(began.elapsed(), MINUTE * 30);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_was_cancelled_before_goes_nowhere() {
    for store in stores() {
        let office = Arc::new(Office::default());
        let runner = launch(&store, &office).await;
        let run = started(&runner, 31).await;
        sleep(MINUTE * 29).await;
        runner.cancel("c-1").await.unwrap();
        assert!(run.end().await.is_err());
        let info = run.info().await.unwrap();
        assert!(
            matches!(
                (info.status, &*info.state),
                (Status::Cancelled, "Filed" | "Checked")
            ) || info.state == "Overdue",
            "{info:?}"
        );
        runner.shut_down(SECOND).await;
    }
    let office = Arc::new(Office::default());
    let token = CancellationToken::new();
    token.cancel();
    let run = filed(0).run(&office).cancelled_by(token);
    assert!(matches!(
        run.await.unwrap_err().cause(),
        Cause::Cancelled { .. }
    ));
}

#[test]
fn by_hand_it_leaves_every_state() {
    let late = filed(1).deadline(|_| Overdue);
    let late = late.deadline(|_| Overdue);
    assert_eq!(late.close(3, |_, notes| Closed { notes }).notes, 3);
    let checked = filed(1).check(|_| Checked);
    assert_eq!(
        checked
            .deadline(|_| Overdue)
            .drop_it(|_| Dropped)
            .into_state(),
        Dropped
    );
}

#[test]
fn the_graph_and_its_pictures_say_so() {
    let mermaid = Claim::GRAPH.mermaid().to_string();
    assert!(
        mermaid.contains("    state \"deadline 30m\" as deadline\n    deadline --> Overdue\n"),
        "{mermaid}"
    );
    let dot = Claim::GRAPH.dot().to_string();
    assert!(dot.contains("deadline -> Overdue"), "{dot}");
    let deadline = Claim::GRAPH
        .transitions
        .iter()
        .find(|it| it.name == "deadline")
        .unwrap();
    assert_eq!(
        (deadline.sources.len(), deadline.kind.keyword()),
        (4, "deadline")
    );
}
