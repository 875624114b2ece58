//! The faults that a store may have with effects, around one that has none.

use std::sync::Mutex;

use stateway::MemoryStore;
use stateway::store::{
    Claimed, Commit, Event, HistoryRow, Hold, MessageState, NoteRow, Progress, RunRow, Source,
    Status, Store as _,
};
use stateway::{RunId, StoreError};

use crate::fault::Fault::{self, *};

/// The memory of a fault.
#[derive(Default)]
pub(crate) struct Effects {
    /// Effects that it should not have, or should have no more.
    kept: Mutex<Vec<HistoryRow>>,
    /// All notes that it was given.
    noted: Mutex<Vec<NoteRow>>,
    /// The event that was recorded last.
    last: Mutex<Option<Event>>,
}

async fn all(store: &MemoryStore, run: &RunId) -> Vec<HistoryRow> {
    let rows = store.history(run, 0, usize::MAX).await;
    rows.unwrap_or_default()
}

/// The effects of a commit, as if they were rows.
fn rows_of(commit: &Commit) -> impl Iterator<Item = HistoryRow> {
    let rows = commit.effects.iter().cloned().zip(1_000..);
    rows.map(|(event, number)| HistoryRow {
        number,
        at: commit.at,
        event,
        failure: None,
        by: None,
        failed_attempts: Vec::new(),
        left: Vec::new(),
    })
}

fn is_effect(row: &HistoryRow) -> bool {
    row.event.is_effect()
}

impl Effects {
    /// Changes a commit that is asked for.
    pub(crate) async fn commit(&self, fault: Fault, store: &MemoryStore, commit: &mut Commit) {
        let is_usual = matches!(
            commit.event,
            Event::Transition { .. } | Event::RollbackBegan
        );
        match fault {
            EffectsAreForgotten => commit.effects.clear(),
            EffectsAreReversed => commit.effects.reverse(),
            EffectsAreCutShort => drop(commit.effects.pop()),
            EffectsAreOfFewEvents if !is_usual => commit.effects.clear(),
            EffectsPutOffTheBound if !commit.effects.is_empty() => commit.keep_history = None,
            EffectsForgetTheOutput | EffectsForgetTheSource | EffectsForgetTheBranch => {
                for event in &mut commit.effects {
                    let Event::Effect {
                        output,
                        source,
                        branch,
                        ..
                    } = event
                    else {
                        continue;
                    };
                    match fault {
                        EffectsForgetTheOutput => output.clear(),
                        EffectsForgetTheSource => *source = Source::Before(1),
                        _ => *branch = None,
                    }
                }
            }
            EffectsOfAnotherAreRepeated => {
                let found = store.get(&commit.run).await.ok().flatten();
                if found.is_some_and(|found| found.row.sequence == commit.sequence + 1) {
                    let rows = all(store, &commit.run).await;
                    let moved = rows.iter().rposition(|row| row.event.moves()).unwrap_or(0);
                    let effects = rows[..moved].iter().rev().take_while(|row| is_effect(row));
                    commit.effects = effects.map(|row| row.event.clone()).collect();
                    commit.effects.reverse();
                }
            }
            EffectsOutliveTheirRun if commit.status == Status::Done => {
                let rows = all(store, &commit.run).await.into_iter();
                self.kept.lock().unwrap().extend(rows.filter(is_effect));
            }
            _ => {}
        }
    }

    /// Remembers how a commit was answered.
    pub(crate) fn answered(
        &self,
        fault: Fault,
        commit: &Commit,
        answer: &Result<Hold, StoreError>,
    ) {
        if answer.is_ok() {
            *self.last.lock().unwrap() = Some(commit.event.clone());
        } else if fault == EffectsOutliveARefusal {
            self.kept.lock().unwrap().extend(rows_of(commit));
        }
    }

    pub(crate) fn note(&self, fault: Fault, note: &mut NoteRow) {
        if let Progress::Output { effect, .. } = &mut note.progress
            && fault == NoteForgetsTheEffect
        {
            *effect = None;
        }
        self.noted.lock().unwrap().push(note.clone());
    }

    /// Changes the notes of a run that is claimed.
    pub(crate) fn claimed(&self, fault: Fault, claimed: &mut Claimed) {
        let last = self.last.lock().unwrap();
        let Some(last) = &*last else { return };
        let (has_paused, has_moved) = (*last == Event::Paused, last.moves());
        let is_parked = matches!(last, Event::Parked { .. });
        let notes = &mut claimed.notes;
        let has_effect = |note: &NoteRow| note.progress.effect().is_some();
        let mut brings_back = |is_back: fn(&Progress) -> bool| {
            let all = self.noted.lock().unwrap();
            for note in all.iter().filter(|note| is_back(&note.progress)) {
                if notes.iter().all(|it| it.key != note.key) {
                    notes.push(note.clone());
                }
            }
            notes.sort_by(|one, other| one.key.cmp(&other.key));
        };
        match fault {
            PauseKeepsPlainOutputs if has_paused => {
                brings_back(|note| matches!(note, Progress::Output { .. }));
            }
            PauseKeepsAttempts if has_paused => {
                brings_back(|note| matches!(note, Progress::Attempts { .. }));
            }
            MovesKeepEffects if has_moved && !has_paused && !is_parked => {
                brings_back(|note| note.effect().is_some());
            }
            PauseForgetsEffects if has_paused => notes.retain(|note| !has_effect(note)),
            ParkForgetsEffects if is_parked => notes.retain(|note| !has_effect(note)),
            PauseForgetsHowToUndo if has_paused => {
                for note in notes {
                    if let Progress::Output { effect, .. } = &mut note.progress {
                        *effect = None;
                    }
                }
            }
            _ => {}
        }
    }

    /// Changes the row of a run.
    pub(crate) async fn row(&self, fault: Fault, store: &MemoryStore, row: &mut RunRow) {
        if let EffectsAreNotCounted | EffectsAreNotRows | EffectsMoveTheRun = fault {
            let rows = all(store, &row.id).await;
            let effects = rows.iter().filter(|row| is_effect(row)).count() as u64;
            match fault {
                EffectsAreNotCounted => row.undos = row.undos.saturating_sub(effects),
                EffectsAreNotRows => row.rows -= effects,
                _ => row.sequence += effects,
            }
        }
    }

    /// Changes rows of a history.
    pub(crate) fn history(&self, fault: Fault, row: Option<&RunRow>, rows: &mut Vec<HistoryRow>) {
        let history_from = row.map_or(0, |row| row.history_from);
        match fault {
            EffectsHaveTheAttempts => {
                let mut attempts = Vec::new();
                for row in rows.iter_mut().rev() {
                    if row.event.is_effect() {
                        row.failed_attempts.clone_from(&attempts);
                    } else {
                        attempts.clone_from(&row.failed_attempts);
                    }
                }
            }
            EffectsAreRemovedAsOldRows => {
                rows.retain(|row| row.number >= history_from || !is_effect(row));
            }
            EffectsOutliveARefusal => {
                rows.extend(self.kept.lock().unwrap().iter().cloned());
            }
            EffectsOutliveTheirRun if row.is_some_and(|row| row.visit == 0) => {
                rows.extend(self.kept.lock().unwrap().iter().cloned());
            }
            _ => {}
        }
    }

    /// Changes what is to be undone.
    pub(crate) async fn undoable(
        &self,
        fault: Fault,
        store: &MemoryStore,
        run: &RunId,
        rows: &mut Vec<HistoryRow>,
    ) {
        let history = all(store, run).await;
        let has_been = |event: &Event| history.iter().any(|row| row.event == *event);
        match fault {
            EffectsAreNotUndoable => rows.retain(|row| !is_effect(row)),
            EffectsAreUndoneTogether => {
                let undone: Vec<_> = history.iter().filter_map(HistoryRow::undone).collect();
                let visits = history.iter().filter(|row| undone.contains(&row.number));
                let visits: Vec<_> = visits.filter_map(visit).collect();
                rows.retain(|row| visit(row).is_none_or(|visit| !visits.contains(&visit)));
            }
            EffectsComeBehindTransitions => rows.sort_by_key(is_effect),
            EffectsEndWithTheRun if has_been(&Event::Ended) => {
                rows.retain(|row| !is_effect(row));
            }
            EffectsAreNotRetried if has_been(&Event::RollbackRetried) => {
                rows.retain(|row| !is_effect(row));
            }
            _ => {}
        }
    }

    /// Changes the state of a message.
    pub(crate) async fn message(
        &self,
        fault: Fault,
        store: &MemoryStore,
        run: &RunId,
        state: &mut MessageState,
    ) {
        if let MessageState::Taken(row) = state
            && fault == MessageIsTakenByAnEffect
            && let Some(before) = all(store, run).await.into_iter().rev().find(is_effect)
            && before.number + 1 == row.number
        {
            **row = before;
        }
    }
}

/// The visit of an effect.
fn visit(row: &HistoryRow) -> Option<u64> {
    match row.event {
        Event::Effect { visit, .. } => Some(visit),
        _ => None,
    }
}
