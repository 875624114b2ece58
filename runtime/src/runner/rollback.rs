//! What a stored run has left to be undone, as its history says it.

use std::collections::HashSet;

use super::take_up::{is_of_version, position, read_input};
use crate::journal::{Entry, Left};
use crate::payload::codec::{Codec, guarded};
use crate::payload::durable::Durable;
use crate::run::UndoOf;
use crate::store::{Event, Found, HistoryRow, Name};

/// The transitions of a run that were not undone, the last first, by its whole history.
pub(super) fn left(history: &[HistoryRow]) -> impl Iterator<Item = &HistoryRow> {
    let undone: HashSet<_> = history.iter().filter_map(HistoryRow::undone).collect();
    let undoable = history.iter().rev().filter(|row| row.is_undoable());
    undoable.filter(move |row| !undone.contains(&row.number))
}

/// Tells whether this program can undo what is left of a run.
///
/// # Errors
/// Why it cannot, where it would have to be parked.
pub(super) fn can_undo<W: Durable>(
    found: &Found,
    history: &[HistoryRow],
    codec: &dyn Codec,
) -> Result<(), String> {
    is_of_version::<W>(&found.row)?;
    position::<W>(&found.row.state)?;
    read_input::<W>(&found.input, codec)?;
    left(history).try_for_each(|row| entry::<W>(row.clone(), codec).map(drop))
}

/// The transition of a row of the history, and the handler that undoes it.
pub(super) fn named(row: &HistoryRow) -> (Name, Name) {
    match &row.event {
        Event::Transition {
            transition,
            undo: Some(undo),
            ..
        }
        | Event::Effect {
            transition, undo, ..
        } => (transition.clone(), undo.clone()),
        _ => Default::default(),
    }
}

/// A row of the history as what is to be undone.
pub(super) fn entry<W: Durable>(row: HistoryRow, codec: &dyn Codec) -> Result<Entry<W>, String> {
    if row.event.is_effect() {
        let (transition, handler) = named(&row);
        return Err(format!(
            "`{handler}` is to undo a part of `{transition}`, and this program has no such undo"
        ));
    }
    let Event::Transition {
        transition,
        visit,
        state,
        payload,
        undo: Some(handler),
        ..
    } = row.event
    else {
        return Err(format!(
            "history row {} is nothing to be undone",
            row.number
        ));
    };
    let unknown = || {
        format!(
            "`{handler}` is to undo `{transition}`, which led to `{state}`, and this program has no such undo"
        )
    };
    let mut transitions = W::GRAPH.transitions.iter();
    let found = transitions
        .position(|it| it.name == transition)
        .ok_or_else(unknown)?;
    let target = W::GRAPH
        .states
        .iter()
        .position(|it| it.name == state)
        .ok_or_else(unknown)?;
    let mut undos = W::GRAPH.transitions[found].policy.undo.iter();
    let undo = undos.position(|undo| undo.target == Some(target) && undo.handler == handler);
    let decoded = guarded(|| W::decode(target, &payload, codec));
    Ok(Entry {
        transition: found,
        visit,
        state: target,
        undo: UndoOf::Target(undo.ok_or_else(unknown)?),
        left: Left::State(decoded.map_err(|error| {
            format!("state `{state}`, which `{handler}` needs, does not decode: {error}")
        })?),
    })
}
