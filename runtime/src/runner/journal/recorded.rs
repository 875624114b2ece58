//! The recorded form of the changes of a run.

use super::super::held::{HeldRun, RunChange};
use crate::journal::{Ending, Taken};
use crate::payload::codec::guarded;
use crate::payload::durable::Durable;
use crate::store::{Event, Failure, FailureKind, Fired, RunRow, Status, Text};
use crate::wait::Firing;

/// Returns the firings as a store keeps them.
pub(super) fn fired_by_name<W: Durable>(fired: &[Firing]) -> Vec<Fired> {
    let named = fired.iter().map(|firing| Fired {
        transition: W::GRAPH.transitions[firing.transition].name.into(),
        at: firing.at,
        made: firing.made,
    });
    named.collect()
}

/// Returns the firings that a store has kept, without those of transitions that the workflow no longer has.
pub(super) fn fired_by_position<W: Durable>(fired: &[Fired]) -> Vec<Firing> {
    let found = fired.iter().filter_map(|firing| {
        let mut transitions = W::GRAPH.transitions.iter();
        let transition = transitions.position(|it| it.name == firing.transition)?;
        Some(Firing {
            transition,
            at: firing.at,
            made: firing.made,
        })
    });
    found.collect()
}

/// Returns the status of a run with this ending, if something is to be undone before, or nothing is.
pub(super) fn status(ending: Ending, is_to_undo: bool) -> Status {
    match ending {
        _ if is_to_undo => Status::RollingBack,
        Ending::Done => Status::Done,
        Ending::Failed => Status::Failed,
        Ending::Cancelled => Status::Cancelled,
        Ending::Terminated => Status::Terminated,
    }
}

/// Returns the ending of a run whose rollback had begun when it was taken up.
pub(in crate::runner) fn ending(row: &RunRow) -> Ending {
    match row.failure.as_ref().map(|failure| failure.kind) {
        Some(FailureKind::Cancelled) => Ending::Cancelled,
        Some(FailureKind::Terminated) => Ending::Terminated,
        _ => Ending::Failed,
    }
}

/// Returns the end of a run that was terminated while nobody held it. Nothing of it has to be readable, because it continues no more.
pub(in crate::runner) fn terminated(row: &RunRow) -> RunChange {
    let ended = RunChange::new(Event::Ended, Status::Terminated);
    // A run whose rollback had begun has failed for another reason, or is in a `failed` state.
    if row.rolls_back {
        return ended;
    }
    ended.because(Failure {
        state: row.state.clone(),
        transition: None,
        attempts: 0,
        kind: FailureKind::Terminated,
        message: Text::from(""),
    })
}

/// Encodes the answer to the signal that was just taken, if it has one.
///
/// # Errors
/// The reason why it cannot be stored.
pub(super) fn answer<W: Durable>(
    taken: &Taken<'_, W>,
    held: &HeldRun,
) -> Result<Option<Vec<u8>>, String> {
    let name = W::GRAPH.transitions[taken.transition].name;
    let settings = held.settings();
    let answer = guarded(|| W::encode_answer(taken.transition, &taken.answer, &*settings.codec));
    let what = format!("the answer to signal `{name}`");
    let answer = answer.map_err(|error| format!("{what} cannot be stored: {error}"))?;
    answer.map(|answer| settings.fits(what, answer)).transpose()
}

/// Encodes the transition that was just taken.
///
/// # Errors
/// The reason why the state that it led to cannot be stored. The handler has had its effect, so this is no failure that
/// could be rolled back, because a rollback needs the state.
pub(super) fn transition<W: Durable>(
    taken: &Taken<'_, W>,
    message: Option<String>,
    answer: Option<Vec<u8>>,
    fired: &[Firing],
    held: &HeldRun,
) -> Result<RunChange, String> {
    let position = W::position(taken.state);
    let transition = &W::GRAPH.transitions[taken.transition];
    let state = &W::GRAPH.states[position];
    let payload = held.settings().encoded(
        format_args!("state `{}`", state.name),
        |codec| W::encode(taken.state, codec),
        |bytes, codec| W::decode(position, bytes, codec).map(drop),
    );
    let payload = payload.map_err(|unfit| unfit.to_string())?;
    let is_internal = transition.is_internal();
    let mut undos = transition.policy.undo.iter();
    let undo = undos.find(|undo| undo.target == Some(position));
    let has_undos = held.undos() > 0 || undo.is_some() || held.has_effects(Some(transition.name));
    let ending = Ending::at(state.kind);
    let status = ending.map_or(Status::Running, |ending| {
        status(ending, ending.rolls_back() && has_undos)
    });
    let event = Event::Transition {
        transition: transition.name.into(),
        internal: is_internal,
        visit: taken.visit,
        version: W::VERSION,
        attempts: taken.attempts,
        message,
        state: state.name.into(),
        payload,
        answer,
        undo: undo.map(|undo| undo.handler.into()),
    };
    let fired = fired_by_name::<W>(fired);
    Ok(RunChange::new(event, status)
        .found_by(W::index(taken.state))
        .where_fired(fired))
}
