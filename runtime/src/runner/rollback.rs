//! The transitions of a stored run that are left to be undone, by its history.

use std::any::Any;
use std::collections::HashSet;
use std::sync::Arc;

use stateway_core::{SplitInfo, Workflow};

use super::take_up::{is_of_version, position, read_input};
use crate::error::UndoEntry;
use crate::journal::{Entry, Left};
use crate::payload::codec::{Codec, CodecError, guarded};
use crate::payload::durable::Durable;
use crate::run::{BranchName, EffectSource, EffectValue, UndoOf};
use crate::store::{Event, Found, HistoryRow, Name, Source};

/// Returns the rows of a run that were not undone, the last first, by its complete history.
pub(super) fn left(history: &[HistoryRow]) -> impl Iterator<Item = &HistoryRow> {
    let undone: HashSet<_> = history.iter().filter_map(HistoryRow::undone).collect();
    let undoable = history.iter().rev().filter(|row| row.is_undoable());
    undoable.filter(move |row| !undone.contains(&row.number))
}

/// Checks that this program can undo the rest of a run.
///
/// # Errors
/// The reason why it cannot, and would have to park the run.
pub(super) fn can_undo<W: Durable>(
    found: &Found,
    history: &[HistoryRow],
    codec: &dyn Codec,
) -> Result<(), String> {
    is_of_version::<W>(&found.row)?;
    position::<W>(&found.row.state)?;
    read_input::<W>(&found.input, codec)?;
    let mut sources = Sources::default();
    left(history).try_for_each(|row| {
        if let Some(number) = sources.lacks(row) {
            let at = history.binary_search_by_key(&number, |row| row.number);
            sources.knows(at.ok().map(|at| history[at].clone()));
        }
        entry::<W>(row.clone(), &mut sources, codec).map(drop)
    })
}

/// Returns the transition of a row of the history, or the branch, and the handler that undoes it.
pub(super) fn named(row: &HistoryRow) -> (Name, Name) {
    match &row.event {
        Event::Transition {
            transition,
            undo: Some(undo),
            ..
        }
        | Event::Effect {
            transition,
            undo,
            branch: None,
            ..
        } => (transition.clone(), undo.clone()),
        Event::Effect {
            branch: Some(branch),
            undo,
            ..
        } => (branch.clone().into(), undo.clone()),
        _ => Default::default(),
    }
}

/// Returns the same by the names of the declaration, if it has them.
pub(super) fn undo_entry<W: Workflow>(event: &Event) -> Option<UndoEntry> {
    let (transition, state, handler, branch, in_doubt) = match event {
        Event::Transition {
            transition,
            state,
            undo: Some(handler),
            ..
        } => (transition, state, handler, None, false),
        Event::Effect {
            transition,
            state,
            undo,
            branch,
            ..
        } => (transition, state, undo, branch.as_deref(), branch.is_none()),
        _ => return None,
    };
    let graph = W::GRAPH;
    let transition = graph.transitions.iter().find(|it| it.name == transition)?;
    let state = graph.states.iter().find(|it| it.name == state)?;
    let (undos, branch) = match branch {
        None => (transition.policy.undo, None),
        Some(branch) => {
            let (declared, name) = declared(transition.split.as_ref()?, branch)?;
            (
                transition.split.as_ref()?.branches[declared].policy.undo,
                Some(name),
            )
        }
    };
    let undo = undos.iter().find(|it| it.handler == handler)?;
    Some(UndoEntry {
        transition: transition.name,
        state: state.name,
        handler: undo.handler,
        branch,
        in_doubt,
    })
}

/// Returns the position and the name of the branch that prints like this.
fn declared(split: &SplitInfo, branch: &str) -> Option<(usize, BranchName)> {
    let (name, item) = crate::run::branch(branch).ok()?;
    let declared = split.branches.iter().position(|it| it.name == name)?;
    let of = crate::split::name(split, declared, item.unwrap_or(declared));
    (of.item == item).then_some((declared, of))
}

/// The source states of effects. The effects of one split share theirs.
#[derive(Default)]
pub(super) struct Sources {
    /// The number of the row that has the payload, and the payload.
    payload: Option<(u64, Vec<u8>)>,
    shared: Option<(u64, Arc<dyn Any + Send + Sync>)>,
}

impl Sources {
    /// Returns the number of the row that has the source state of this one, if that is another one, and not known.
    pub(super) fn lacks(&self, row: &HistoryRow) -> Option<u64> {
        let number = source_row(row)?;
        let is_known = number == row.number
            || self.payload.as_ref().is_some_and(|it| it.0 == number)
            || self.shared.as_ref().is_some_and(|it| it.0 == number);
        (!is_known).then_some(number)
    }

    /// Keeps that row, if it exists.
    pub(super) fn knows(&mut self, row: Option<HistoryRow>) {
        if let Some(row) = row
            && let Event::Effect {
                source: Source::Here(payload),
                ..
            } = row.event
        {
            self.payload = Some((row.number, payload));
        }
    }
}

/// Returns the number of the row that has the source state of an effect.
fn source_row(row: &HistoryRow) -> Option<u64> {
    match &row.event {
        Event::Effect { source, .. } => Some(match source {
            Source::Here(_) => row.number,
            Source::Before(before) => row.number.saturating_sub(u64::from(*before)),
        }),
        _ => None,
    }
}

/// Decodes a row of the history for its undo.
pub(super) fn entry<W: Durable>(
    row: HistoryRow,
    sources: &mut Sources,
    codec: &dyn Codec,
) -> Result<Entry<W>, String> {
    if row.event.is_effect() {
        return effect(row, sources, codec);
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
        left: Left::State(decoded.map_err(|error| undecoded(&state, &handler, &error))?),
    })
}

fn undecoded(state: &str, handler: &str, error: &CodecError) -> String {
    format!("state `{state}`, which `{handler}` needs, does not decode: {error}")
}

/// Decodes an effect for its undo.
fn effect<W: Durable>(
    row: HistoryRow,
    sources: &mut Sources,
    codec: &dyn Codec,
) -> Result<Entry<W>, String> {
    let source_row = source_row(&row);
    let Event::Effect {
        transition,
        visit,
        branch,
        output,
        state,
        source,
        undo: handler,
    } = row.event
    else {
        return Err(format!("history row {} is no effect", row.number));
    };
    let what = match &branch {
        Some(branch) => format!("branch `{branch}` of `{transition}`"),
        None => format!("`{transition}` in doubt"),
    };
    let unknown = || format!("`{handler}` is to undo {what}, and this program has no such undo");
    let mut transitions = W::GRAPH.transitions.iter();
    let found = transitions.position(|it| it.name == transition);
    let found = found.ok_or_else(unknown)?;
    let position = W::GRAPH.states.iter().position(|it| it.name == state);
    let position = position.ok_or_else(unknown)?;
    let info = &W::GRAPH.transitions[found];
    if !info.sources.contains(&position) {
        return Err(unknown());
    }
    let (undo, undos, item) = if let Some(branch) = &branch {
        let split = info.split.as_ref().ok_or_else(unknown)?;
        let (declared, name) = declared(split, branch).ok_or_else(unknown)?;
        (
            UndoOf::Branch(declared),
            split.branches[declared].policy.undo,
            name.item,
        )
    } else {
        let undo = info.policy.in_doubt().ok_or_else(unknown)?;
        (UndoOf::InDoubt(undo), &info.policy.undo[undo..=undo], None)
    };
    if undos.first().is_none_or(|it| it.handler != handler) {
        return Err(unknown());
    }
    let number = source_row.unwrap_or(row.number);
    let known = sources.shared.as_ref().filter(|it| it.0 == number);
    let source = if let Some((_, source)) = known {
        EffectSource::Shared(Arc::clone(source))
    } else {
        let payload = match (&source, &sources.payload) {
            (Source::Here(payload), _) => payload,
            (_, Some((known, payload))) if *known == number => payload,
            _ => return Err(format!("the source state of {what} is not in the history")),
        };
        let decoded = guarded(|| W::decode(position, payload, codec));
        let decoded = decoded.map_err(|error| undecoded(&state, &handler, &error))?;
        W::effect_source(found, decoded)
    };
    let value = match source {
        EffectSource::Shared(source) => {
            sources.shared = Some((number, Arc::clone(&source)));
            let value = guarded(|| W::effect_output(found, undo.number(), &output, codec));
            let value = value.map_err(|error| {
                format!("the output of {what}, which `{handler}` needs, does not decode: {error}")
            });
            EffectValue {
                item,
                source,
                value: value?,
            }
        }
        EffectSource::Owned(value) => EffectValue {
            item,
            source: Arc::new(()),
            value,
        },
    };
    Ok(Entry {
        transition: found,
        visit,
        state: position,
        undo,
        left: Left::Effect(Box::new(value)),
    })
}
