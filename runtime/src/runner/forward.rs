//! Takes a stored run forward, transition by transition, each of them recorded before the next begins.

use std::fmt::{self, Display};
use std::panic::{AssertUnwindSafe, catch_unwind};

use stateway_core::{StateKind, Workflow};

use super::ledger::{Change, Ledger};
use super::settings::Settings;
use crate::driver::{Drive, Stuck, yield_now};
use crate::durable::Durable;
use crate::error::{Cause, Place};
use crate::panic::message as text;
use crate::run::Run;
use crate::store::{Event, Failure, FailureKind, Status, Text};

/// Takes transition after transition until the run is in a final state, which it gives the position of, or
/// fails. Every state is recorded as it is entered.
pub(super) async fn forward<W: Drive<C> + Durable, C>(
    place: &mut Option<W::State>,
    context: &C,
    run: &Run<W>,
    ledger: &Ledger,
) -> Result<usize, Stuck<W::Error>> {
    loop {
        let state = place.as_ref().map_or(0, W::position);
        if W::GRAPH.states[state].kind.is_final() {
            return Ok(state);
        }
        if let Some(cause) = run.stopped() {
            return Err((Place::between(state), Box::new(cause)));
        }
        let taken = W::turns(place, context, run).await;
        if let Err(cause) = taken {
            let cause = if run.is_cancelled() {
                Box::new(cause.cancelled(None))
            } else {
                cause
            };
            return Err((run.place(), cause));
        }
        let state = place.as_ref().expect("only a final state has no turn");
        let position = W::position(state);
        if !W::GRAPH.states[position].transient {
            match entered(state, position, run, ledger) {
                Ok(entered) => {
                    run.leave(position);
                    ledger.record(entered).await;
                }
                Err(reason) => match ledger.parked(reason).await {},
            }
        }
        if run.is_due_to_yield() {
            yield_now().await;
        }
    }
}

/// The transition that was just taken, as it is recorded.
///
/// # Errors
/// Why the state that it led to cannot be stored. The handler has had its effect, so this is no failure that
/// could be rolled back: the state is needed for it.
fn entered<W: Durable>(
    entered: &W::State,
    position: usize,
    run: &Run<W>,
    ledger: &Ledger,
) -> Result<Change, String> {
    let transition = &W::GRAPH.transitions[run.transition()];
    let state = &W::GRAPH.states[position];
    let payload = ledger.settings().encoded(
        format_args!("state `{}`", state.name),
        |codec| W::encode(entered, codec),
        |bytes, codec| W::decode(position, bytes, codec).map(drop),
    );
    let payload = payload.map_err(|unfit| unfit.to_string())?;
    let mut undos = transition.policy.undo.iter();
    let undo = undos.find(|undo| undo.target == position);
    let status = match state.kind {
        StateKind::Done => Status::Done,
        StateKind::Failed if ledger.undos() > 0 || undo.is_some() => Status::RollingBack,
        StateKind::Failed => Status::Failed,
        StateKind::Start | StateKind::State => Status::Running,
    };
    let event = Event::Transition {
        transition: transition.name.into(),
        visit: run.visit(),
        attempts: run.attempts(),
        state: state.name.into(),
        payload,
        undo: undo.map(|undo| undo.handler.into()),
        version: W::VERSION,
        message: None,
    };
    Ok(Change::new(event, status))
}

/// A failure as it is stored.
pub(super) fn failure<W: Workflow, E: Display>(
    place: Place,
    cause: &Cause<E>,
    settings: &Settings,
) -> Failure {
    let kind = match cause {
        Cause::Join(_) => FailureKind::Join,
        Cause::Panic(_) => FailureKind::Panic,
        Cause::Timeout { .. } => FailureKind::Timeout,
        Cause::Deadline { .. } => FailureKind::Deadline,
        Cause::BreakerOpen { .. } => FailureKind::BreakerOpen,
        Cause::Cancelled { .. } => FailureKind::Cancelled,
        Cause::Terminated => FailureKind::Terminated,
        Cause::Handler(_) | Cause::NotUndone => FailureKind::Handler,
    };
    let transition = place.transition;
    Failure {
        state: W::GRAPH.states[place.state].name.into(),
        transition: transition.map(|it| W::GRAPH.transitions[it].name.into()),
        attempts: place.attempts,
        kind,
        message: said(cause, settings),
    }
}

/// What there is to say about a cause, beside what its kind says: the error of the handler, with its sources where its
/// text has them, or the limit that was exceeded, with the error that came before.
fn said<E: Display>(cause: &Cause<E>, settings: &Settings) -> Text {
    shown(settings, || match cause {
        // `anyhow` and its like print their sources in this form.
        Cause::Handler(error) => settings.short(format_args!("{error:#}")),
        cause => settings.short(fmt::from_fn(|f| {
            let separator = if cause.says_more() { "; " } else { "" };
            write!(f, "{}", cause.said())?;
            before(cause, separator, f)
        })),
    })
}

/// The same, as a text of its own.
pub(super) fn message<E: Display>(cause: &Cause<E>, settings: &Settings) -> Text {
    shown(settings, || match cause {
        Cause::Handler(error) => settings.short(format_args!("{error:#}")),
        cause => settings.short(fmt::from_fn(|f| {
            write!(f, "{cause}")?;
            before(cause, "; ", f)
        })),
    })
}

/// The error that came before a cause which is none.
fn before<E: Display>(
    cause: &Cause<E>,
    separator: &str,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    let what = match cause {
        Cause::Join(_) | Cause::Cancelled { join: Some(_), .. } => "the first error",
        Cause::Cancelled { .. } => "the last error",
        _ => "the attempt before failed with",
    };
    match cause.error() {
        Some(error) => write!(f, "{separator}{what}: {error:#}"),
        None => Ok(()),
    }
}

/// Shows an error by code of the user's.
fn shown(settings: &Settings, show: impl FnOnce() -> String) -> Text {
    let said = catch_unwind(AssertUnwindSafe(show)).unwrap_or_else(|panic| {
        let panic = text(panic);
        settings.short(format_args!(
            "an error that panicked as it was shown: {panic}"
        ))
    });
    settings.encoded_text(&said)
}
