//! Rule: the numbers of `retry`, `timeout` and `deadline` make sense together.

use crate::ast::{Attempts, ClauseKind, Clauses, Count, Delay, Duration, Given, Meaning, Retry};
use crate::diagnostics::Diagnostics;
use crate::graph::Graph;

pub(super) fn check(graph: &Graph<'_>, diagnostics: &mut Diagnostics) {
    let run = graph.ast.deadline.as_ref();
    let name = "deadline of the workflow";
    let run: Vec<_> = run.map(|time| Limit { time, name }).into_iter().collect();
    for transition in &graph.ast.transitions {
        let of_transition = clauses(&transition.clauses, &run, diagnostics);
        let Some(split) = transition.split() else {
            continue;
        };
        let within = split.join.as_ref().and_then(|join| join.within.as_ref());
        let limits = or(of_transition, run.clone());
        fits(within, "time of the join", &limits, diagnostics);
        let limits = or(Limit::of(within, "time of the join"), limits);
        for branch in &split.branches {
            clauses(&branch.clauses, &limits, diagnostics);
        }
    }
}

/// A time that passes in any case, and what it is called.
#[derive(Clone)]
struct Limit<'a> {
    time: &'a Duration,
    name: &'static str,
}

impl<'a> Limit<'a> {
    /// The limit that is written out; what a field says is judged when it is read.
    fn of(time: Option<&'a Given<Duration>>, name: &'static str) -> Vec<Self> {
        let time = time.and_then(Given::written);
        time.map(|time| Limit { time, name }).into_iter().collect()
    }
}

/// The limits that are nearer; the others only where there is none.
fn or<'a>(nearer: Vec<Limit<'a>>, others: Vec<Limit<'a>>) -> Vec<Limit<'a>> {
    if nearer.is_empty() { others } else { nearer }
}

/// Checks the clauses of a transition or a branch against the limits around it, and gives their own.
fn clauses<'a>(
    clauses: &'a Clauses,
    around: &[Limit<'a>],
    diagnostics: &mut Diagnostics,
) -> Vec<Limit<'a>> {
    let timeout = clauses.time(ClauseKind::Timeout);
    let deadline = clauses.time(ClauseKind::Deadline);
    let of_deadline = Limit::of(deadline, "deadline");
    fits(deadline, "deadline", around, diagnostics);
    let limits = or(of_deadline.clone(), around.to_vec());
    fits(timeout, "timeout", &limits, diagnostics);
    let own = Limit::of(timeout, "timeout of the split");
    let of_split = Limit::of(deadline, "deadline of the split");
    retries(clauses, diagnostics);
    own.into_iter().chain(of_split).collect()
}

fn retries(clauses: &Clauses, diagnostics: &mut Diagnostics) {
    for clause in clauses.iter() {
        match &clause.meaning {
            Meaning::Retry(it) => retry(it, diagnostics),
            Meaning::Undo(undo) => {
                if let Some(it) = &undo.retry {
                    retry(it, diagnostics);
                }
            }
            _ => {}
        }
    }
}

/// Reports a time that could never pass, because another one passes before.
fn fits(
    time: Option<&Given<Duration>>,
    name: &str,
    limits: &[Limit<'_>],
    diagnostics: &mut Diagnostics,
) {
    let Some(time) = time.and_then(Given::written) else {
        return;
    };
    let passed = |limit: &&Limit<'_>| time.milliseconds > limit.time.milliseconds;
    if let Some(limit) = limits.iter().find(passed) {
        diagnostics
            .error(
                time,
                format!(
                    "the {name} `{}` is above the {}, `{}`",
                    time.literal, limit.name, limit.time.literal
                ),
            )
            .help(format!(
                "nothing is left so much time: shorten the {name}, or lengthen the other"
            ));
    }
}

fn retry(retry: &Retry, diagnostics: &mut Diagnostics) {
    if let Attempts::Count(Given::Written(Count { literal, value: 0 })) = &retry.attempts {
        diagnostics
            .error(literal, "0 attempts would never call the handler")
            .help("the number counts all attempts: `retry(1)` is one call, `retry(3)` up to three");
    }
    match &retry.delay {
        Some(Delay::Backoff {
            first: Given::Written(first),
            cap: Given::Written(cap),
        }) if first.milliseconds > cap.milliseconds => {
            diagnostics
                .error(
                    first,
                    format!(
                        "the first delay, `{}`, is above the longest, `{}`",
                        first.literal, cap.literal
                    ),
                )
                .help(format!(
                    "write the shorter one first: `backoff {}..{}`",
                    cap.literal, first.literal
                ));
        }
        Some(Delay::Every(every)) => {
            if let Some((factor, _)) = &retry.factor {
                diagnostics
                    .error(
                        factor,
                        format!("with `every {}` no delay grows", every.text()),
                    )
                    .help("leave the factor out, or write `backoff A..B`");
            }
            if let Some((word, jitter)) = &retry.jitter {
                diagnostics
                    .error(
                        word,
                        format!("with `every {}` there is no jitter", every.text()),
                    )
                    .help(format!("leave `{}` out", jitter.words()));
            }
        }
        _ => {}
    }
}
