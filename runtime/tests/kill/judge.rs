//! The conditions at the end, of the store and of the world outside.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::path::Path;

use stateway::RedbStore;
use stateway::RunId;
use stateway::store::{Event, Filter, HistoryRow, RunRow, Status, Store as _};

use crate::effects::{Effect, What, micros, read};
use crate::trip::{ORDER, fails, is_refused};
use crate::worker::{is_cancelled, name, path};

/// The evidence.
#[derive(Default)]
pub(crate) struct Summary {
    runs: usize,
    arrived: usize,
    failed: usize,
    cancelled: usize,
    transitions: usize,
    handlers: usize,
    repeated: usize,
    undone: usize,
    not_undone: usize,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} runs ended: {} arrived, {} failed, {} were cancelled\n\
             {} transitions recorded, by {} calls of handlers, of which {} were repeats\n\
             {} transitions undone, after {} undos that had failed",
            self.runs,
            self.arrived,
            self.failed,
            self.cancelled,
            self.transitions,
            self.handlers,
            self.repeated,
            self.undone,
            self.not_undone
        )
    }
}

/// A transition as the history has it.
struct Recorded<'a> {
    number: u64,
    name: &'a str,
    /// When, in microseconds.
    at: u64,
    /// The token of the state that it left, and of that which it led to.
    left: u64,
    token: u64,
    undo: Option<&'a str>,
    parts: Vec<u64>,
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn judge(folder: &Path, runs: u64) -> Summary {
    let mut by_run: HashMap<String, Vec<Effect>> = HashMap::new();
    for effect in read(folder) {
        by_run.entry(effect.run.clone()).or_default().push(effect);
    }
    let store = RedbStore::open(path(folder)).expect("nobody else has the file");
    let all = store.list(Filter::new().limit(usize::MAX));
    let rows = all.await.expect("the runs are listed");
    let known: HashSet<_> = rows.iter().map(|row| row.id.text().into_owned()).collect();
    for run in by_run.keys() {
        assert!(known.contains(run), "{run} was acknowledged and is lost");
    }
    assert_eq!(known.len() as u64, runs);
    let mut summary = Summary::default();
    for number in 0..runs {
        let id = RunId::try_from(name(number)).unwrap();
        let row = rows.iter().find(|row| row.id == id);
        let row = row.unwrap_or_else(|| panic!("{id} is not there"));
        let history = store.history(&id, 0, usize::MAX).await;
        let history = history.expect("its history can be read");
        judge_run(number, row, &history, &by_run[&name(number)], &mut summary);
    }
    summary
}

fn judge_run(
    number: u64,
    row: &RunRow,
    history: &[HistoryRow],
    effects: &[Effect],
    summary: &mut Summary,
) {
    let run = &row.id;
    summary.runs += 1;
    match row.status {
        Status::Done => {
            summary.arrived += 1;
            assert!(!is_refused(number) && !fails(number), "{run} arrived");
        }
        Status::Failed => {
            summary.failed += 1;
            assert!(is_refused(number) || fails(number), "{run} failed");
        }
        Status::Cancelled => {
            summary.cancelled += 1;
            assert!(is_cancelled(number), "{run} was cancelled");
        }
        status => panic!("{run} is {status:?}: {row:?}"),
    }
    let recorded = recorded(number, history);
    let names: Vec<_> = recorded.iter().map(|it| it.name).collect();
    assert_eq!(names, ORDER[..names.len()], "{run}: each once, in order");
    assert!(
        row.status != Status::Done || names.len() == ORDER.len(),
        "{run} arrived by {names:?}"
    );
    judge_effects(run, &recorded, effects, summary);
    judge_rollback(row, &recorded, history, effects, summary);
}

/// The transitions of a run. The rows of its history are numbered without a gap.
fn recorded(run: u64, history: &[HistoryRow]) -> Vec<Recorded<'_>> {
    let numbers: Vec<_> = history.iter().map(|row| row.number).collect();
    let expected: Vec<_> = (0..history.len() as u64).collect();
    assert_eq!(numbers, expected, "the history of {run} has no gap");
    let mut left = run;
    let mut recorded = Vec::new();
    for row in history {
        let Event::Transition {
            transition,
            payload,
            undo,
            ..
        } = &row.event
        else {
            continue;
        };
        let payload: serde_json::Value = serde_json::from_slice(payload).expect("it is JSON");
        let token = payload["token"].as_u64().expect("it has a token");
        let parts = payload["parts"].as_array().into_iter().flatten();
        recorded.push(Recorded {
            number: row.number,
            name: transition,
            at: micros(row.at),
            left,
            token,
            undo: undo.as_deref(),
            parts: parts.filter_map(serde_json::Value::as_u64).collect(),
        });
        left = token;
    }
    recorded
}

/// Every call of a handler saw what was recorded, and came before its own transition was.
fn judge_effects(
    run: &RunId,
    recorded: &[Recorded<'_>],
    effects: &[Effect],
    summary: &mut Summary,
) {
    let left: HashMap<u64, &Recorded<'_>> = recorded.iter().map(|it| (it.left, it)).collect();
    let last = recorded.last().map(|it| it.token);
    let calls = effects.iter();
    let calls = calls.filter(|it| matches!(it.what, What::Step | What::Branch));
    for call in calls {
        summary.handlers += usize::from(call.what == What::Step);
        match left.get(&call.seen) {
            Some(transition) => assert!(
                call.at <= transition.at,
                "{run}: `{}` was called {} µs after `{}` was recorded",
                call.name,
                call.at - transition.at,
                transition.name
            ),
            // The transition after the last was tried, and failed.
            None => assert!(
                last.is_none_or(|last| last == call.seen),
                "{run}: `{}` saw a state that was not recorded",
                call.name
            ),
        }
    }
    for transition in recorded {
        summary.transitions += 1;
        let of = |what: What| {
            let calls = effects.iter().filter(move |it| it.what == what);
            calls.filter(|it| it.seen == transition.left)
        };
        let made = of(What::Step).filter(|it| it.made == transition.token);
        assert_eq!(made.count(), 1, "{run}: {} was done", transition.name);
        summary.repeated += of(What::Step).count() - 1;
        for part in &transition.parts {
            let made = of(What::Branch).filter(|it| it.made == *part);
            assert_eq!(made.count(), 1, "{run}: a branch gave {part}");
        }
    }
}

/// A run that did not arrive is undone, the last first, and goes nowhere afterwards. What could not be undone is in its
/// turn when the rollback is retried, and nothing else is.
fn judge_rollback(
    row: &RunRow,
    recorded: &[Recorded<'_>],
    history: &[HistoryRow],
    effects: &[Effect],
    summary: &mut Summary,
) {
    let run = &row.id;
    let mut left: Vec<_> = match row.status {
        Status::Done => Vec::new(),
        _ => recorded
            .iter()
            .rev()
            .filter(|it| it.undo.is_some())
            .collect(),
    };
    let first = effects.iter().position(|it| it.what == What::Undo);
    let after = &effects[first.unwrap_or(effects.len())..];
    let forward = after
        .iter()
        .find(|it| matches!(it.what, What::Step | What::Branch));
    assert!(
        forward.is_none(),
        "{run} went forward after its rollback began: {forward:?}"
    );
    let calls: Vec<_> = after.iter().filter(|it| it.what == What::Undo).collect();
    let mut calls = calls.as_slice();
    for rollback in history.split(|row| row.event == Event::RollbackRetried) {
        let tried = rollback.iter().filter_map(|row| match row.event {
            Event::Undone { of, .. } => Some((of, true, micros(row.at))),
            Event::NotUndone { of, .. } => Some((of, false, micros(row.at))),
            _ => None,
        });
        let tried: Vec<_> = tried.collect();
        let numbers = tried.iter().map(|(of, ..)| *of);
        assert!(
            numbers.eq(left.iter().map(|it| it.number)),
            "{run}: what is left is undone, the last first: {tried:?}"
        );
        for (transition, (_, is_undone, at)) in left.iter().zip(&tried) {
            let of_this = calls.iter();
            let of_this = of_this.take_while(|it| it.seen == transition.token && it.at <= *at);
            let of_this = of_this.count();
            assert!(
                of_this > 0,
                "{run}: `{}` is undone in its turn: {calls:?} of {tried:?}",
                transition.name
            );
            let names = calls[..of_this].iter().map(|call| call.name.as_str());
            assert!(names.clone().all(|name| Some(name) == transition.undo));
            calls = &calls[of_this..];
            summary.undone += usize::from(*is_undone);
            summary.not_undone += usize::from(!is_undone);
        }
        let mut tried = tried.iter();
        left.retain(|_| tried.next().is_some_and(|(_, is_undone, _)| !is_undone));
    }
    assert!(left.is_empty(), "{run} is not undone");
    assert!(calls.is_empty(), "{run}: undone twice: {calls:?}");
}
