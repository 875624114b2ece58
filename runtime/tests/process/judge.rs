//! The conditions at the end, of the store and of the log.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use stateway::RedbStore;
use stateway::store::{Event, Filter, HistoryRow, RunRow, Store as _};

use crate::job::{ORDER, path, transition};
use crate::log::{Line, What, micros, read};

/// A run as the store has it.
pub(crate) struct Judged {
    pub(crate) row: RunRow,
    pub(crate) history: Vec<HistoryRow>,
    /// The requests from outside.
    pub(crate) stops: Vec<String>,
}

impl Judged {
    /// The number of claims after its start, if it was started with a claim.
    pub(crate) fn claims(&self) -> u64 {
        self.row.epoch - micros(self.row.started) - 1
    }
}

/// The rows of the store, which nobody else has open.
#[tokio::main(flavor = "current_thread")]
pub(crate) async fn rows(folder: &Path) -> Vec<RunRow> {
    let store = RedbStore::open(path(folder)).expect("nobody else has the file");
    listed(&store).await
}

async fn listed(store: &RedbStore) -> Vec<RunRow> {
    let all = store.list(Filter::new().limit(usize::MAX));
    all.await.expect("the runs are listed")
}

/// Checks all that is true of every run, however it ended, and gives the runs.
#[tokio::main(flavor = "current_thread")]
pub(crate) async fn judge(folder: &Path) -> Vec<Judged> {
    let lines = read(folder);
    no_handler_twice_at_once(&lines);
    attempts_only_grow(&lines);
    let mut by_run: HashMap<&str, Vec<&Line>> = HashMap::new();
    for line in &lines {
        by_run.entry(&line.run).or_default().push(line);
    }
    let store = RedbStore::open(path(folder)).expect("nobody else has the file");
    let mut judged = Vec::new();
    for row in listed(&store).await {
        let history = store.history(&row.id, 0, usize::MAX).await;
        let history = history.expect("its history can be read");
        let lines = by_run.remove(&*row.id.text()).unwrap_or_default();
        judge_run(&row, &history, &lines);
        let stops = lines.iter().filter(|line| line.what == What::Stop);
        let stops = stops.map(|line| line.handler.clone()).collect();
        judged.push(Judged {
            row,
            history,
            stops,
        });
    }
    assert!(
        by_run.is_empty(),
        "of runs that are not there: {:?}",
        by_run.keys()
    );
    judged
}

/// At most one handler of a key is under way in a process.
fn no_handler_twice_at_once(lines: &[Line]) {
    let mut under_way = HashMap::new();
    for line in lines {
        let key = (line.process, &line.key);
        match line.what {
            What::Begin => {
                if let Some(before) = under_way.insert(key, line) {
                    panic!("twice at once: {before:?} and {line:?}");
                }
            }
            What::Gone => assert!(under_way.remove(&key).is_some(), "{line:?}"),
            What::Stop => {}
        }
    }
}

/// An attempt that was recorded is not made again.
fn attempts_only_grow(lines: &[Line]) {
    let mut attempts = HashMap::new();
    for line in lines.iter().filter(|line| line.what == What::Begin) {
        let before = attempts.insert(&line.key, line.attempt);
        assert!(before.is_none_or(|it| it <= line.attempt), "{line:?}");
    }
}

fn judge_run(row: &RunRow, history: &[HistoryRow], lines: &[&Line]) {
    let run = &row.id;
    let numbers: Vec<_> = history.iter().map(|row| row.number).collect();
    let expected: Vec<_> = (0..history.len() as u64).collect();
    assert_eq!(numbers, expected, "the history of {run} has no gap");
    let mut taken = Vec::new();
    let mut undone = Vec::new();
    let mut rolls_back = None;
    for row in history {
        match &row.event {
            Event::Transition {
                transition, undo, ..
            } => {
                assert_eq!(rolls_back, None, "{run} went forward: {row:?}");
                taken.push((&**transition, row, undo.is_some()));
            }
            Event::RollbackBegan => rolls_back = Some(micros(row.at)),
            Event::Undone { of, .. } => undone.push((*of, micros(row.at))),
            Event::NotUndone { .. } => panic!("{run}: {row:?}"),
            _ => {}
        }
    }
    let names: Vec<_> = taken.iter().map(|(name, ..)| *name).collect();
    assert_eq!(names, ORDER[..names.len()], "{run}: each once, in order");
    let to_undo = taken.iter().rev().filter(|(.., has_undo)| *has_undo);
    let to_undo: Vec<_> = to_undo.map(|(_, row, _)| row.number).collect();
    let numbers: Vec<_> = undone.iter().map(|(of, _)| *of).collect();
    assert!(to_undo.starts_with(&numbers), "{run}: the last first");
    let mut called = HashSet::new();
    for line in lines.iter().filter(|line| line.what == What::Begin) {
        let (name, is_undo) = transition(&line.handler);
        called.insert(&*line.handler);
        let of = taken.iter().find(|(it, ..)| *it == name);
        let recorded = if is_undo {
            let of = of.map(|(_, row, _)| row.number);
            undone.iter().find(|(it, _)| Some(*it) == of).map(|it| it.1)
        } else {
            of.map(|(_, row, _)| micros(row.at)).or(rolls_back)
        };
        let recorded = recorded.or(row.ended.map(micros)).unwrap_or(u64::MAX);
        assert!(
            line.at <= recorded,
            "{} µs after it was recorded: {line:?}",
            line.at - recorded
        );
        if is_undo {
            let began = rolls_back.unwrap_or(u64::MAX);
            assert!(line.at >= began, "before its rollback began: {line:?}");
        }
    }
    for name in &names {
        assert!(called.contains(name), "{run}: nobody did `{name}`");
    }
}
