//! Signals that interrupt the step or the split of a state.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use stateway::prelude::*;
use stateway::runner::Run;
use stateway::store::{Event, Status, Store};
use stateway::{Cause, Clock, MemoryStore, RunGone, SignalError};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::claim::stores;
use super::loan::*;
use crate::support::cut::Line;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);

fn asked() -> Loan<Asked> {
    Loan::start(Asked { amount: 7 })
}

async fn launch(store: &Arc<dyn Store>, office: &Arc<Office>) -> Runner<Loan> {
    let runner = Runner::<Loan>::shared(Arc::clone(office)).clock(Clock::tokio());
    runner.store(Arc::clone(store)).launch().await.unwrap()
}

async fn started(runner: &Runner<Loan>) -> Run<Loan> {
    runner.start("l-1", (), Asked { amount: 7 }).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn in_memory_the_handler_is_dropped_and_the_signal_gets_the_state_as_it_was_entered() {
    let office = Office::new(MINUTE);
    let mut run = asked().run(&office);
    let remote = run.remote();
    let asks = async {
        sleep(SECOND).await;
        remote.abort("too late".into()).answered().await.unwrap()
    };
    let began = Instant::now();
    let (end, amount) = tokio::join!(run, asks);
    assert_eq!(began.elapsed(), SECOND);
    assert_eq!(amount, 7);
    let why = "too late".to_owned();
    assert_eq!(end.unwrap(), LoanEnd::Aborted(Aborted { why }));
    assert_eq!(
        office.said(),
        ["check 2", "check 2 dropped", "abort 7 2/signal/abort"],
        "the step that was interrupted is no visit, and its key is another"
    );
    let RunGone { .. } = remote.abort("again".into()).answered().await.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn stored_the_handler_is_dropped_and_the_signal_is_recorded_in_its_place() {
    for store in stores() {
        let office = Office::new(MINUTE);
        let runner = launch(&store, &office).await;
        let run = started(&runner).await;
        sleep(SECOND).await;
        let sent = run
            .abort("too late".into())
            .message_id("m-1")
            .await
            .unwrap();
        let aborted = sent.applied().await.unwrap();
        let why = "too late".to_owned();
        assert_eq!(aborted, OnAbort::Aborted(Aborted { why }));
        assert_eq!(sent.answered().await.unwrap(), 7);
        assert!(run.end().await.is_ok());
        assert_eq!(
            office.said(),
            ["check 2", "check 2 dropped", "abort 7 2/signal/abort"]
        );
        let history = runner.history("l-1").await.unwrap();
        let Event::Transition {
            transition,
            message,
            visit,
            ..
        } = &history[2].event
        else {
            panic!("{history:?}")
        };
        assert_eq!((&**transition, *visit), ("abort", 2));
        assert_eq!(message.as_deref(), Some("m-1"));
        runner.shut_down(SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_signal_that_came_before_the_state_was_entered_comes_before_its_handler() {
    let office = Office::new(MINUTE);
    let mut run = asked().run(&office);
    run.remote().abort("at once".into()).await.unwrap();
    assert!(matches!(run.await, Ok(LoanEnd::Aborted(_))));
    assert_eq!(office.said(), ["abort 7 2/signal/abort"]);
    for store in stores() {
        let runner = launch(&store, &office).await;
        let start = runner.start("l-1", (), Asked { amount: 7 });
        let run = start.with_signal(|run| run.abort("at once".into())).await;
        assert!(run.unwrap().end().await.is_ok());
        assert_eq!(office.said(), ["abort 7 2/signal/abort"]);
        runner.shut_down(SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_signal_that_came_during_the_step_before_comes_before_the_handler_as_well() {
    for store in stores() {
        let office = Office::new(MINUTE);
        let runner = launch(&store, &office).await;
        let run = started(&runner).await;
        sleep(SECOND).await;
        run.refuse().await.unwrap();
        assert_eq!(run.end().await.unwrap(), LoanEnd::Refused(Refused));
        let expected = ["check 2", "refuse 3/signal/refuse", "closed 7 1/undo"];
        assert_eq!(office.said(), expected);
        runner.shut_down(SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_step_has_failed_with_is_not_told_of_the_signal() {
    for store in stores() {
        let office = Office::new(SECOND);
        office.check_fails.store(1, Ordering::Relaxed);
        let runner = launch(&store, &office).await;
        let run = started(&runner).await;
        sleep(MINUTE).await;
        run.abort("try again".into()).answered().await.unwrap();
        let history = runner.history("l-1").await.unwrap();
        let failed = &history.last().unwrap().failed_attempts;
        assert!(
            matches!(&failed[..], [only] if only.number == 1),
            "{failed:?}"
        );
        runner.shut_down(SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_signal_that_leads_back_lets_the_step_begin_anew() {
    for store in stores() {
        let office = Office::new(MINUTE);
        let runner = launch(&store, &office).await;
        let run = started(&runner).await;
        sleep(SECOND * 50).await;
        let sent = run.change(9).await.unwrap();
        assert_eq!(
            sent.applied().await.unwrap(),
            OnChange::Checking(Checking { amount: 9 })
        );
        let began = Instant::now();
        assert_eq!(
            run.end().await.unwrap(),
            LoanEnd::Granted(Granted { rate: 4 })
        );
        assert!(began.elapsed() >= MINUTE * 2, "{:?}", began.elapsed());
        let said = office.said();
        assert_eq!(
            said[..4],
            [
                "check 2",
                "check 2 dropped",
                "change 2/signal/change",
                "check 3"
            ]
        );
        runner.shut_down(SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn between_two_attempts_a_run_is_interrupted_as_well() {
    for store in stores() {
        let office = Office::new(SECOND);
        office.check_fails.store(1, Ordering::Relaxed);
        let runner = launch(&store, &office).await;
        let run = started(&runner).await;
        sleep(MINUTE).await;
        let sent = run.abort("enough".into()).await.unwrap();
        let applied = timeout(SECOND, sent.applied()).await.unwrap();
        assert!(applied.is_ok(), "{applied:?}");
        assert_eq!(office.said(), ["check 2", "abort 7 2/signal/abort"]);
        runner.shut_down(SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_branches_of_a_split_have_gone_before_the_signal_is_handled() {
    let office = Office::new(MINUTE);
    let mut run = asked().run(&office);
    let remote = run.remote();
    let asks = async {
        sleep(MINUTE + SECOND).await;
        remote.abort("no".into()).await.unwrap();
    };
    let (end, ()) = tokio::join!(run, asks);
    assert!(matches!(end, Ok(LoanEnd::Aborted(_))));
    let mut said = office.said();
    assert_eq!(said.pop().unwrap(), "abort 7 3/signal/abort");
    said.sort();
    assert_eq!(
        said,
        [
            "bank",
            "bank dropped",
            "check 2",
            "market",
            "market dropped"
        ]
    );
    for store in stores() {
        let office = Office::new(MINUTE);
        let runner = launch(&store, &office).await;
        let run = started(&runner).await;
        sleep(MINUTE + SECOND).await;
        run.abort("no".into()).answered().await.unwrap();
        let mut said = office.said();
        assert_eq!(said.pop().unwrap(), "abort 7 3/signal/abort");
        said.sort();
        assert_eq!(
            said,
            [
                "bank",
                "bank dropped",
                "check 2",
                "market",
                "market dropped"
            ]
        );
        runner.shut_down(SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_signal_may_lead_to_a_failed_state_and_the_run_is_rolled_back() {
    for store in stores() {
        let office = Office::new(MINUTE);
        let runner = launch(&store, &office).await;
        let run = started(&runner).await;
        sleep(MINUTE + SECOND).await;
        let sent = run.refuse().await.unwrap();
        assert_eq!(sent.applied().await.unwrap(), OnRefuse::Refused(Refused));
        assert_eq!(run.end().await.unwrap(), LoanEnd::Refused(Refused));
        assert_eq!(office.said().last().unwrap(), "closed 7 1/undo");
        runner.shut_down(SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_was_told_to_stop_is_interrupted_no_more() {
    let office = Office::new(MINUTE);
    let token = CancellationToken::new();
    let mut run = asked().run(&office).cancelled_by(token.clone());
    let remote = run.remote();
    let asks = async {
        sleep(SECOND).await;
        token.cancel();
        remote.abort("late".into()).await.unwrap();
    };
    let (end, ()) = tokio::join!(run, asks);
    assert!(matches!(end.unwrap_err().cause(), Cause::Cancelled { .. }));
    for store in stores() {
        let office = Office::new(MINUTE);
        let runner = launch(&store, &office).await;
        let run = started(&runner).await;
        sleep(SECOND).await;
        runner.cancel("l-1").await.unwrap();
        let sent = run.abort("late".into()).await.unwrap();
        assert!(sent.applied().await.is_err());
        assert!(run.end().await.is_err());
        assert_eq!(run.info().await.unwrap().status, Status::Cancelled);
        runner.shut_down(SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_was_interrupted_before_it_was_cancelled_has_left_its_step() {
    for store in stores() {
        let office = Office::new(MINUTE);
        let runner = launch(&store, &office).await;
        let run = started(&runner).await;
        sleep(SECOND).await;
        let sent = run.change(9).await.unwrap();
        sent.applied().await.unwrap();
        runner.cancel("l-1").await.unwrap();
        assert!(run.end().await.is_err());
        assert_eq!(run.info().await.unwrap().status, Status::Cancelled);
        assert!(office.said().contains(&"change 2/signal/change".to_owned()));
        runner.shut_down(SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_terminated_run_is_interrupted_no_more() {
    for store in stores() {
        let office = Office::new(MINUTE);
        let runner = launch(&store, &office).await;
        let run = started(&runner).await;
        sleep(SECOND).await;
        runner.terminate("l-1").await.unwrap();
        let late = run.abort("late".into()).await;
        if let Ok(sent) = late {
            assert!(sent.applied().await.is_err());
        }
        assert!(run.end().await.is_err());
        assert_eq!(run.info().await.unwrap().status, Status::Terminated);
        assert!(office.said().iter().all(|it| !it.starts_with("abort")));
        runner.shut_down(SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn once_its_states_are_behind_a_signal_that_interrupts_is_refused() {
    for store in stores() {
        let office = Office::new(MINUTE);
        let runner = launch(&store, &office).await;
        let run = started(&runner).await;
        sleep(MINUTE + SECOND).await;
        let refused = run.change(1).await.unwrap_err();
        assert!(
            matches!(refused, SignalError::NeverAccepted { .. }),
            "{refused}"
        );
        let refused = run.refuse().if_accepted_now().await;
        assert!(refused.is_ok(), "its state is interrupted by it");
        runner.shut_down(SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_signal_from_another_process_interrupts_with_the_next_heartbeat() {
    let store: Arc<MemoryStore> = Arc::default();
    let office = Office::new(MINUTE * 10);
    let driver = launch(&(Arc::new(Line::to(&store)) as Arc<dyn Store>), &office).await;
    started(&driver).await;
    sleep(SECOND).await;
    let other = launch(
        &(Arc::clone(&store) as Arc<dyn Store>),
        &Office::new(SECOND),
    )
    .await;
    let run = other.get("l-1").await.unwrap().unwrap();
    let answer = timeout(MINUTE, run.abort("from afar".into()).answered()).await;
    assert_eq!(answer.unwrap().unwrap(), 7);
    assert_eq!(
        office.said(),
        ["check 2", "check 2 dropped", "abort 7 2/signal/abort"]
    );
    driver.shut_down(SECOND).await;
    other.shut_down(SECOND).await;
}

#[tokio::test(start_paused = true)]
async fn a_signal_whose_handler_is_tried_again_keeps_its_key_also_over_a_restart() {
    for store in stores() {
        let office = Office::new(MINUTE);
        let runner = launch(&store, &office).await;
        let run = started(&runner).await;
        sleep(SECOND).await;
        run.abort("try again".into()).await.unwrap();
        sleep(SECOND / 2).await;
        // Between the two attempts of the signal.
        runner.shut_down(Duration::ZERO).await;
        let runner = launch(&store, &office).await;
        let run = runner.get("l-1").await.unwrap().unwrap();
        assert!(run.end().await.is_ok());
        assert_eq!(
            office.said(),
            [
                "check 2",
                "check 2 dropped",
                "abort 7 2/signal/abort",
                "abort 7 2/signal/abort"
            ]
        );
        runner.shut_down(SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_deadline_of_a_signal_counts_from_its_own_attempts() {
    for store in stores() {
        let office = Office::new(SECOND);
        // The step has failed for longer than the deadline of the signal.
        office.check_fails.store(1, Ordering::Relaxed);
        office.refuse_fails.store(2, Ordering::Relaxed);
        let runner = launch(&store, &office).await;
        let run = started(&runner).await;
        sleep(MINUTE * 10).await;
        run.refuse().await.unwrap();
        assert_eq!(run.end().await.unwrap(), LoanEnd::Refused(Refused));
        runner.shut_down(SECOND).await;
    }
}

#[test]
fn by_hand_it_is_a_transition_like_any_other() {
    let checking = asked().open(|asked| Checking {
        amount: asked.amount,
    });
    let (aborted, amount) = checking.abort("no".into(), |checking, why| {
        (Aborted { why }, checking.amount)
    });
    assert_eq!((&*aborted.why, amount), ("no", 7));
}

#[test]
fn the_graph_and_its_pictures_say_so() {
    let states = Loan::GRAPH.states.iter();
    let interrupted: Vec<_> = states
        .filter(|it| it.interrupted)
        .map(|it| it.name)
        .collect();
    assert_eq!(interrupted, ["Checking", "Rating"]);
    assert!(Loan::GRAPH.states.iter().all(|it| !it.waits));
    let mermaid = Loan::GRAPH.mermaid().to_string();
    assert!(
        mermaid.contains("Rating --> Aborted: abort(String) interrupts"),
        "{mermaid}"
    );
}

#[tokio::test(start_paused = true)]
async fn thousands_of_signals_interrupt_one_after_the_other() {
    let office = Office::new(MINUTE);
    let mut run = asked().run(&office);
    let remote = run.remote();
    let sends = async {
        for amount in 0..10_000 {
            remote.change(amount).await.unwrap();
        }
        remote.abort("enough".into()).answered().await.unwrap()
    };
    let (end, amount) = tokio::join!(run, sends);
    assert!(matches!(end, Ok(LoanEnd::Aborted(_))));
    assert_eq!(amount, 9_999);
    let [store, _] = stores();
    let runner = launch(&store, &office).await;
    let run = started(&runner).await;
    for amount in 0..1_000 {
        run.change(amount).await.unwrap();
    }
    let amount = run.abort("enough".into()).answered().await.unwrap();
    assert_eq!(amount, 999);
    let info = run.info().await.unwrap();
    assert_eq!(info.visit, 1_002, "each is a visit, and no step is");
    runner.shut_down(SECOND).await;
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_to_pause_is_not_interrupted_unless_that_is_taken_back() {
    for store in stores() {
        let office = Office::new(MINUTE);
        let runner = launch(&store, &office).await;
        let run = started(&runner).await;
        sleep(SECOND).await;
        runner.pause("l-1").await.unwrap();
        run.abort("too late".into()).await.unwrap();
        sleep(MINUTE * 2).await;
        assert_eq!(office.said(), ["check 2"], "it ends before the run pauses");
        assert_eq!(run.info().await.unwrap().status, Status::Paused);
        runner.terminate("l-1").await.unwrap();
        assert!(run.end().await.is_err());

        let run = runner.start("l-2", (), Asked { amount: 7 }).await.unwrap();
        sleep(SECOND).await;
        runner.pause("l-2").await.unwrap();
        run.abort("in time".into()).await.unwrap();
        sleep(SECOND).await;
        runner.resume("l-2").await.unwrap();
        let began = Instant::now();
        assert!(matches!(run.end().await, Ok(LoanEnd::Aborted(_))));
        assert!(began.elapsed() < SECOND * 5);
        runner.shut_down(SECOND).await;
    }
}
