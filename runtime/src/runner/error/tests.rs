//! Every text of a runner's errors, in all combinations of what it may say.

use super::*;
use crate::store::Text;

fn failure(kind: FailureKind, transition: bool, attempts: u32, message: &str) -> RunFailure {
    RunFailure {
        workflow: "Order".into(),
        run: "o-1".parse().unwrap(),
        state: "Charged".into(),
        failure: Some(Failure {
            state: "Charged".into(),
            transition: transition.then(|| "ship".into()),
            attempts,
            kind,
            message: Text::from(message),
        }),
        rollback: RunRollback::default(),
    }
}

fn entry(transition: &'static str) -> UndoEntry {
    UndoEntry {
        branch: None,
        in_doubt: false,
        transition,
        state: "Charged",
        handler: "refund",
    }
}

#[test]
fn a_stored_run_that_failed_says_where_and_why() {
    use FailureKind::{
        BreakerOpen, Cancelled, Deadline, Handler, Join, Panic, Policy, Terminated, Timeout,
    };

    for (kind, transition, attempts, message, text) in [
        (
            Handler,
            true,
            1,
            "no carrier",
            "failed in state `Charged` at `ship`: no carrier",
        ),
        (
            Handler,
            true,
            3,
            "no carrier",
            "failed in state `Charged` at `ship` after 3 attempts: no carrier",
        ),
        (Handler, true, 1, "", "failed in state `Charged` at `ship`"),
        (
            Join,
            true,
            1,
            "1 of 2 branches succeeded",
            "failed in state `Charged` at `ship`: 1 of 2 branches succeeded",
        ),
        (
            Panic,
            true,
            1,
            "oh",
            "panicked in state `Charged` at `ship`: oh",
        ),
        (
            Timeout,
            true,
            2,
            "an attempt may take 2s",
            "timed out in state `Charged` at `ship` after 2 attempts: an attempt may take 2s",
        ),
        (
            Deadline,
            false,
            0,
            "the run may take 30d",
            "ran out of time in state `Charged`: the run may take 30d",
        ),
        (
            BreakerOpen,
            true,
            0,
            "breaker `b` is open",
            "was refused a call in state `Charged` at `ship`: breaker `b` is open",
        ),
        (
            BreakerOpen,
            true,
            1,
            "breaker `b` is open",
            "was refused another call in state `Charged` at `ship` after 1 attempt: breaker `b` is open",
        ),
        (
            Policy,
            true,
            0,
            "`retry` of `ship` reads `tries`, which is 0: it must be at least 1",
            "could not begin in state `Charged` at `ship`: `retry` of `ship` reads `tries`, which is 0: it must be at least 1",
        ),
        (Cancelled, false, 0, "", "was cancelled in state `Charged`"),
        (
            Cancelled,
            true,
            1,
            "the last error: no",
            "was cancelled in state `Charged` at `ship`: the last error: no",
        ),
        (
            Terminated,
            true,
            1,
            "",
            "was terminated in state `Charged` at `ship`",
        ),
    ] {
        let failure = failure(kind, transition, attempts, message);
        assert_eq!(failure.to_string(), format!("run `o-1` of `Order` {text}"));
    }
}

#[test]
fn what_was_not_undone_is_said_in_bounds() {
    let mut failed = failure(FailureKind::Handler, true, 1, "no");
    failed.rollback.failed.push(NotUndone {
        entry: entry("charge"),
        attempts: 1,
        cause: "gone".into(),
    });
    failed.rollback.skipped = (0..50_000).map(|_| entry("a")).collect();
    assert_eq!(
        failed.to_string(),
        "run `o-1` of `Order` failed in state `Charged` at `ship`: no; not undone: `charge` (`refund` failed: gone); left as it is: `a`, `a`, `a`, \
         `a`, `a`, `a`, `a`, `a` and 49992 more"
    );
    failed.failure = None;
    failed.rollback.skipped.clear();
    assert_eq!(
        failed.to_string(),
        "run `o-1` of `Order` ended in state `Charged` and could not be undone completely; not undone: `charge` \
         (`refund` failed: gone)"
    );
}

#[test]
fn a_rollback_says_what_it_did_and_what_is_left() {
    let mut rollback = RunRollback::default();
    assert_eq!(rollback.to_string(), "nothing to undo");
    rollback.undone = vec![
        UndoEntry {
            in_doubt: true,
            ..entry("book")
        },
        entry("reserve"),
    ];
    assert_eq!(rollback.to_string(), "undone: `book, in doubt`, `reserve`");
    rollback.failed.push(NotUndone {
        entry: entry("charge"),
        attempts: 3,
        cause: String::new(),
    });
    rollback.skipped.push(entry("pack"));
    assert_eq!(
        rollback.to_string(),
        "undone: `book, in doubt`, `reserve`; not undone: `charge` (`refund` failed after 3 attempts); left as it is: `pack`"
    );
    rollback.undone.clear();
    rollback.failed.clear();
    assert_eq!(rollback.to_string(), "left as it is: `pack`");
}

#[test]
fn a_start_that_is_refused_says_why_and_what_to_do() {
    let run = RunId::from_static("o-1");
    let conflict = |differs| StartError::Conflict {
        run: run.clone(),
        differs,
    };
    for (error, text) in [
        (
            conflict(Differs::Workflow),
            "run `o-1` exists already and is of another workflow: give this one another id",
        ),
        (
            conflict(Differs::Input),
            "run `o-1` exists already and was started with another input: give this one another id, or start it with \
             the same input to get the run that exists",
        ),
        (
            conflict(Differs::Start),
            "run `o-1` exists already and was started in another state: give this one another id, or start it in the \
             same state to get the run that exists",
        ),
        (
            conflict(Differs::Order),
            "run `o-1` exists already and what it was started with differs in the order of a list: give this one \
             another id, or, if the order means nothing, derive `PartialEq` on the workflow, so that values are compared",
        ),
        (
            StartError::Codec(CodecError::new("it is odd")),
            "what the run is started with cannot be stored",
        ),
        (
            StartError::ShutDown,
            "the runner has been shut down, and nothing was stored",
        ),
        (
            StartError::Store(StoreError::Closed { reason: None }),
            "the run could not be stored",
        ),
    ] {
        assert_eq!(error.to_string(), text);
    }
}

#[test]
fn a_run_without_an_end_says_why() {
    let run = || RunId::from_static("o-1");
    let parked = |reason: &str| EndError::Parked {
        run: run(),
        reason: reason.into(),
    };
    for (error, text) in [
        (parked("it is odd"), "run `o-1` is parked: it is odd"),
        (parked(""), "run `o-1` is parked"),
        (
            EndError::ShutDown { run: run() },
            "the runner was shut down, and run `o-1` waits in the store",
        ),
        (
            EndError::Codec {
                run: run(),
                state: "Charged".into(),
                source: CodecError::new("it is odd"),
            },
            "run `o-1` is in state `Charged`, and its payload does not decode",
        ),
        (
            EndError::Store(StoreError::NotFound { run: run() }),
            "there is no run `o-1` in the store: it may have been purged",
        ),
        (
            EndError::Store(StoreError::Closed { reason: None }),
            "the store does not say how the run ended",
        ),
    ] {
        assert_eq!(error.to_string(), text);
    }
}

#[test]
fn no_text_is_repeated_by_its_source() {
    let source = || CodecError::new("it is odd");
    let ends: [&dyn Error; 3] = [
        &EndError::Failed(Box::new(failure(FailureKind::Handler, true, 1, "no"))),
        &EndError::Codec {
            run: "o-1".parse().unwrap(),
            state: "Charged".into(),
            source: source(),
        },
        &StartError::Codec(source()),
    ];
    for error in ends {
        let text = error.to_string();
        if let Some(source) = error.source() {
            assert!(!text.contains(&source.to_string()), "{text}");
        }
    }
}
