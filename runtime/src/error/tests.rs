//! Every text of an error, in all combinations of what it may say.

use std::time::Duration;

use stateway_core::{Graph, StateKind, Strategy, TransitionKind, graph, state, transition};

use super::*;
use crate::run::BranchName;

static GRAPH: Graph = graph(
    "Order",
    &[
        state("Placed", StateKind::Start, false),
        state("Charged", StateKind::State, false),
        state("Rejected", StateKind::Failed, false),
    ],
    &[
        transition("charge", TransitionKind::Step, &[0], &[1]),
        transition("assess", TransitionKind::Split, &[1], &[2]),
    ],
);

type Error = std::io::Error;

fn entry(transition: &'static str) -> UndoEntry {
    UndoEntry {
        branch: None,
        in_doubt: false,
        transition,
        state: "Charged",
        handler: "refund",
    }
}

fn not_undone(transition: &'static str, attempts: u32, cause: Cause<Error>) -> UndoError<Error> {
    UndoError {
        entry: entry(transition),
        attempts,
        cause,
        state: ErasedValue::new(()),
    }
}

fn error(transition: Option<usize>, attempts: u32, cause: Cause<Error>) -> RunError<Error> {
    let state = transition.unwrap_or(2);
    RunFailed {
        graph: &GRAPH,
        run: RunId::from_static("o-1"),
        place: Place {
            state,
            transition,
            attempts,
        },
        cause,
        rollback: Rollback::nothing(),
        end: None,
        source_of: |_| None,
    }
    .into()
}

fn handler() -> Cause<Error> {
    Cause::Handler(Error::other("secret"))
}

fn timeout() -> Cause<Error> {
    Cause::Timeout {
        limit: Duration::from_secs(2),
        last: Some(Error::other("secret")),
    }
}

fn deadline(scope: Scope, hours: u64) -> Cause<Error> {
    Cause::Deadline {
        limit: Duration::from_hours(hours),
        scope,
        last: None,
        join: None,
    }
}

fn open(retry_in: Duration) -> Cause<Error> {
    Cause::BreakerOpen {
        breaker: "bank",
        retry_in,
        last: None,
    }
}

fn refused(
    clause: &'static str,
    value: PolicyValue,
    least: PolicyValue,
    most: Option<PolicyValue>,
) -> Cause<Error> {
    Cause::Policy(Box::new(PolicyError {
        clause,
        of: "charge",
        field: "input.limit",
        value,
        least,
        most,
    }))
}

fn panic(message: &str) -> Cause<Error> {
    Cause::Panic(message.into())
}

fn cancelled() -> Cause<Error> {
    Cause::stopped_after(Some(Error::other("secret")))
}

fn branch(name: &'static str, item: Option<usize>) -> BranchName {
    BranchName { branch: name, item }
}

fn join(
    branches: usize,
    needed: usize,
    succeeded: &[BranchName],
    failures: Vec<BranchError<Error>>,
) -> JoinError<Error> {
    JoinError {
        strategy: Strategy::All,
        branches,
        needed,
        succeeded: succeeded.to_vec(),
        failures,
        within: None,
    }
}

fn failed(name: &'static str, attempts: u32, cause: Cause<Error>) -> BranchError<Error> {
    BranchError::new(branch(name, None), attempts, cause)
}

#[test]
fn a_value_that_a_clause_cannot_take_is_said_with_those_that_it_can() {
    let number = PolicyValue::Number;
    let time = |seconds| PolicyValue::Time(Duration::from_secs(seconds));
    let shortest = PolicyValue::SHORTEST;
    for (clause, value, least, most, text) in [
        (
            "at most",
            number(0),
            number(1),
            None,
            "0: it must be at least 1",
        ),
        (
            "quorum",
            number(4),
            number(1),
            Some(number(3)),
            "4: it must be from 1 to 3",
        ),
        (
            "quorum",
            number(4),
            number(1),
            Some(number(1)),
            "4: it must be 1",
        ),
        (
            "timeout",
            time(0),
            shortest,
            None,
            "0s: it must be longer than 0s",
        ),
        (
            "retry",
            time(90),
            shortest,
            Some(time(60)),
            "1m30s: it must be at most 1m",
        ),
        (
            "retry",
            time(1),
            time(60),
            None,
            "1s: it must be at least 1m",
        ),
    ] {
        let error = error(Some(0), 0, refused(clause, value, least, most));
        let said = error.to_string();
        let expected = format!(
            "step `charge` could not begin in state `Placed` of `Order`: `{clause}` of `charge` reads `input.limit`, \
             which is {text}"
        );
        assert_eq!(said, expected);
        assert!(std::error::Error::source(&error).is_none());
    }
}

#[test]
fn a_run_that_failed_says_where_and_why() {
    let second = Duration::from_secs(1);
    for (transition, attempts, cause, text) in [
        (
            Some(0),
            1,
            handler(),
            "step `charge` failed in state `Placed` of `Order`: secret",
        ),
        (
            Some(0),
            3,
            handler(),
            "step `charge` failed in state `Placed` of `Order` after 3 attempts: secret",
        ),
        (
            Some(0),
            3,
            timeout(),
            "step `charge` timed out in state `Placed` of `Order` after 3 attempts: an attempt may take 2s; the attempt \
             before failed with: secret",
        ),
        (
            Some(0),
            0,
            deadline(Scope::Transition, 36),
            "step `charge` ran out of time in state `Placed` of `Order`: it may take 1d12h",
        ),
        (
            Some(1),
            1,
            deadline(Scope::Run, 720),
            "split `assess` ran out of time in state `Charged` of `Order`: the run may take 30d",
        ),
        (
            None,
            0,
            deadline(Scope::Run, 1),
            "the run ran out of time in state `Rejected` of `Order`: the run may take 1h",
        ),
        (
            Some(0),
            0,
            open(30 * second),
            "step `charge` was not called in state `Placed` of `Order`: breaker `bank` is open for another 30s",
        ),
        (
            Some(0),
            1,
            open(Duration::ZERO),
            "step `charge` was not called again in state `Placed` of `Order` after 1 attempt: breaker `bank` is open \
             until a probe has ended",
        ),
        (
            Some(0),
            2,
            open(second),
            "step `charge` was not called again in state `Placed` of `Order` after 2 attempts: breaker `bank` is open \
             for another 1s",
        ),
        (
            Some(0),
            0,
            open(Duration::from_millis(10_800_250)),
            "step `charge` was not called in state `Placed` of `Order`: breaker `bank` is open for another 3h",
        ),
    ] {
        assert_eq!(error(transition, attempts, cause).to_string(), text);
    }
}

#[test]
fn a_run_that_was_stopped_says_where_and_how() {
    for (transition, attempts, cause, text) in [
        (
            Some(0),
            1,
            panic("no parcel"),
            "step `charge` panicked in state `Placed` of `Order`: no parcel",
        ),
        (
            Some(0),
            1,
            panic(""),
            "step `charge` panicked in state `Placed` of `Order`",
        ),
        (
            Some(0),
            2,
            cancelled(),
            "step `charge` was cancelled in state `Placed` of `Order` after 2 attempts; the last error: secret",
        ),
        (
            None,
            0,
            cancelled(),
            "the run was cancelled in state `Rejected` of `Order`; the last error: secret",
        ),
        (
            Some(0),
            1,
            Cause::Terminated,
            "step `charge` was terminated in state `Placed` of `Order`",
        ),
        (
            Some(1),
            1,
            Cause::Cancelled {
                last: None,
                join: Some(Box::new(join(3, 0, &[branch("credit", None)], Vec::new()))),
            },
            "split `assess` was cancelled in state `Charged` of `Order`: 1 of 3 branches succeeded; succeeded: `credit`",
        ),
    ] {
        assert_eq!(error(transition, attempts, cause).to_string(), text);
    }
}

#[test]
fn what_was_not_undone_is_said_in_bounds() {
    let undo = |attempts, cause| not_undone("charge", attempts, cause).to_string();
    assert_eq!(
        undo(1, handler()),
        "undo `refund` of `charge` failed: secret"
    );
    assert_eq!(
        undo(3, timeout()),
        "undo `refund` of `charge` timed out after 3 attempts: an attempt may take 2s; the attempt before failed with: \
         secret"
    );
    let mut end = error(None, 0, Cause::NotUndone);
    end.failure.rollback.failed = vec![not_undone("charge", 1, handler())];
    assert_eq!(
        end.to_string(),
        "the run ended in the failed state `Rejected` of `Order` and could not be undone completely (not undone: \
         `charge`)"
    );
    let mut stopped = error(Some(0), 1, Cause::Terminated);
    stopped.failure.rollback.undone = (0..50_000).map(|_| entry("a")).collect();
    stopped.failure.rollback.skipped = vec![entry("b")];
    assert_eq!(
        stopped.to_string(),
        "step `charge` was terminated in state `Placed` of `Order` (undone: `a`, `a`, `a`, `a`, `a`, `a`, `a`, `a` and \
         49992 more; left as it is: `b`)"
    );
    assert_eq!(Rollback::<Error>::nothing().to_string(), "nothing to undo");
}

#[test]
fn a_join_that_failed_says_what_each_branch_failed_with() {
    let credit = [branch("credit", None)];
    for (join, text) in [
        (
            join(2, 2, &credit, vec![failed("fraud", 3, timeout())]),
            "1 of 2 branches succeeded where 2 had to; `fraud` timed out after 3 attempts: an attempt may take 2s; \
             succeeded: `credit`",
        ),
        (
            join(
                3,
                2,
                &[],
                vec![
                    failed("credit", 1, handler()),
                    failed("fraud", 0, open(Duration::ZERO)),
                ],
            ),
            "0 of 3 branches succeeded where 2 had to; `credit` failed; `fraud` was not called: breaker `bank` is open \
             until a probe has ended",
        ),
        (
            join(0, 2, &[], Vec::new()),
            "0 of 0 branches succeeded where 2 had to",
        ),
        (
            join(1, 1, &[], vec![failed("a", 1, panic(""))]),
            "0 of 1 branch succeeded where 1 had to; `a` panicked",
        ),
        (
            JoinError {
                within: Some(Duration::from_mins(90)),
                ..join(2, 1, &[], Vec::new())
            },
            "0 of 2 branches succeeded within 1h30m where 1 had to",
        ),
    ] {
        assert_eq!(join.to_string(), text);
    }
}

#[test]
fn a_join_of_many_branches_names_the_first_and_cuts_what_is_long() {
    let item = |item| branch("chunk", Some(item));
    let failed = |at| BranchError::new(item(at), 1, panic(&"\u{e4}".repeat(1_000)));
    let succeeded: Vec<_> = (0..10).map(item).collect();
    let join = join(1_000, 999, &succeeded, (10..1_000).map(failed).collect());
    let text = Cause::Join(Box::new(join)).to_string();
    assert!(text.starts_with(
        "failed: 10 of 1000 branches succeeded where 999 had to; `chunk[10]` panicked: \u{e4}"
    ));
    assert!(
        text.ends_with(
            "\u{e4}...; 982 more did not succeed; succeeded: `chunk[0]`, `chunk[1]`, `chunk[2]`, `chunk[3]`, `chunk[4]`, \
             `chunk[5]`, `chunk[6]`, `chunk[7]` and 2 more"
        ),
        "{text}"
    );
    assert!(text.len() < 2_000, "{}", text.len());
}

#[test]
fn a_branch_says_what_it_failed_with() {
    for (attempts, cause, text) in [
        (1, handler(), "branch `a` failed: secret"),
        (2, handler(), "branch `a` failed after 2 attempts: secret"),
        (
            1,
            open(Duration::ZERO),
            "branch `a` was not called again after 1 attempt: breaker `bank` is open until a probe has ended",
        ),
        (
            1,
            cancelled(),
            "branch `a` was cancelled; the last error: secret",
        ),
    ] {
        assert_eq!(failed("a", attempts, cause).to_string(), text);
    }
    assert_eq!(branch("chunk", Some(3)).to_string(), "chunk[3]");
}

#[test]
fn a_join_has_the_text_of_the_first_error_and_the_error_is_there() {
    let failures = || {
        let failures = vec![failed("fraud", 3, handler())];
        Box::new(join(2, 2, &[], failures))
    };
    let place = "in state `Charged` of `Order`";
    let branches = "0 of 2 branches succeeded where 2 had to; `fraud` failed after 3 attempts";
    for (cause, verb) in [
        (Cause::Join(failures()), "failed"),
        (
            Cause::Cancelled {
                last: None,
                join: Some(failures()),
            },
            "was cancelled",
        ),
    ] {
        let error = error(Some(1), 1, cause);
        assert_eq!(
            error.to_string(),
            format!("split `assess` {verb} {place}: {branches}; the first error: secret")
        );
        let error = error.into_cause().into_error();
        assert_eq!(error.unwrap().to_string(), "secret");
    }
}
