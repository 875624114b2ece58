//! Undoes what a stored run did: each transition that has an undo, the last first, and each recorded as
//! it is undone. A run that was taken up in the middle of its rollback goes on with it.

use std::collections::HashSet;
use std::fmt::Display;
use std::future::poll_fn;
use std::task::Poll;

use tracing::error;

use super::forward::message;
use super::host::{is_of_version, position, read_input};
use super::ledger::{Change, Ledger};
use crate::codec::{Codec, guarded};
use crate::driver::{Drive, Stop, Undoing, undo};
use crate::durable::Durable;
use crate::recorder::Recorder as _;
use crate::run::Run;
use crate::store::{Event, Found, HistoryRow, Name, Status};

/// So many transitions are read at a time.
const PAGE: usize = 64;

/// Undoes what is to be undone, and ends the run with this status; with
/// [`Terminated`](Status::Terminated) if it is terminated meanwhile.
pub(super) async fn roll_back<W, C>(
    context: &C,
    run: &Run<W>,
    ledger: &Ledger,
    stop: &mut Stop,
    ends: Status,
) -> Status
where
    W: Drive<C, Error: Display> + Durable,
{
    loop {
        let page = ledger
            .asked(|| ledger.store().undoable(&run.id, PAGE))
            .await;
        if page.is_empty() {
            ledger.record(Change::new(Event::Ended, ends)).await;
            return ends;
        }
        for row in page {
            if poll_fn(|cx| Poll::Ready(stop.is_terminated(cx))).await {
                let ended = Change::new(Event::Ended, Status::Terminated);
                ledger.record(ended).await;
                return Status::Terminated;
            }
            let of = row.number;
            let names = named(&row);
            let entry = match entry::<W>(row, ledger.codec()) {
                Ok(entry) => entry,
                Err(reason) => match ledger.parked(reason).await {},
            };
            let undone = undo(entry, context, run).await;
            let attempts = run.attempts();
            let event = match undone {
                Ok(()) => Event::Undone { of, attempts },
                Err((cause, _)) => {
                    let (transition, handler) = names;
                    // Not what it failed with, which may quote a payload.
                    error!(
                        workflow = W::NAME, run = %run.id, %transition, %handler, attempts,
                        "a transition could not be undone: see to why, and retry the rollback"
                    );
                    Event::NotUndone {
                        of,
                        attempts,
                        cause: message(&cause, ledger.settings()),
                    }
                }
            };
            let is_last = ledger.undos() <= 1;
            let status = if is_last { ends } else { Status::RollingBack };
            ledger.record(Change::new(event, status)).await;
            if is_last {
                return ends;
            }
        }
    }
}

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
fn named(row: &HistoryRow) -> (Name, Name) {
    match &row.event {
        Event::Transition {
            transition,
            undo: Some(undo),
            ..
        } => (transition.clone(), undo.clone()),
        _ => Default::default(),
    }
}

/// A row of the history as what is to be undone.
fn entry<W: Durable>(row: HistoryRow, codec: &dyn Codec) -> Result<Undoing<W>, String> {
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
    let found = transitions.position(|it| it.name == transition);
    let found = found.ok_or_else(unknown)?;
    let target = W::GRAPH.states.iter().position(|it| it.name == state);
    let target = target.ok_or_else(unknown)?;
    let mut undos = W::GRAPH.transitions[found].policy.undo.iter();
    let undo = undos.position(|undo| undo.target == target && undo.handler == handler);
    let decoded = guarded(|| W::decode(target, &payload, codec));
    Ok(Undoing {
        transition: found,
        visit,
        undo: undo.ok_or_else(unknown)?,
        state: decoded.map_err(|error| {
            format!("state `{state}`, which `{handler}` needs, does not decode: {error}")
        })?,
    })
}
