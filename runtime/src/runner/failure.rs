//! The stored form of failures.

use std::any::Any;
use std::fmt::{self, Display};
use std::panic::{AssertUnwindSafe, catch_unwind};

use stateway_core::Workflow;

use super::settings::{Settings, short};
use crate::error::{Cause, Place};
use crate::store::{Failure, FailureKind, Text};
use crate::support::panic::message as text;

/// Returns a failure as it is stored.
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
        Cause::Policy(_) => FailureKind::Policy,
        Cause::Crashed => FailureKind::Crashed,
        Cause::Cancelled { .. } => FailureKind::Cancelled,
        Cause::Terminated => FailureKind::Terminated,
        // A signal to a stored run may always come.
        Cause::Handler(_) | Cause::NoSignal | Cause::NotUndone => FailureKind::Handler,
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

/// Returns the message of a cause beside its kind: the error of the handler, with its sources if its
/// text has them, or the limit that was exceeded, with the error that came before.
fn said<E: Display>(cause: &Cause<E>, settings: &Settings) -> Text {
    shown(settings, || match cause {
        // `anyhow` and its like print their sources in this form.
        Cause::Handler(error) => settings.short(format_args!("{error:#}")),
        cause => settings.short(fmt::from_fn(|f| {
            let separator = if cause.says_more() { "; " } else { "" };
            write!(f, "{}{}", cause.said(), cause.before(separator))
        })),
    })
}

/// Returns the complete message of a cause.
pub(super) fn message<E: Display>(cause: &Cause<E>, settings: &Settings) -> Text {
    shown(settings, || match cause {
        Cause::Handler(error) => settings.short(format_args!("{error:#}")),
        cause => settings.short(cause),
    })
}

/// The number of bytes that are stored of the error of an attempt that was not the last.
const SHORT: usize = 1024;

/// Returns the message of an attempt that was not the end of its visit.
pub(super) fn attempt<E: Display + 'static>(cause: &dyn Any, settings: &Settings) -> Text {
    let most = settings.max_text.min(SHORT);
    shown(settings, || match cause.downcast_ref::<Cause<E>>() {
        Some(Cause::Handler(error)) => short(most, format_args!("{error:#}")),
        Some(cause) => short(most, cause.event()),
        None => String::new(),
    })
}

/// Shows an error with code of the user, which may panic.
fn shown(settings: &Settings, show: impl FnOnce() -> String) -> Text {
    let said = catch_unwind(AssertUnwindSafe(show)).unwrap_or_else(|panic| {
        let panic = text(panic);
        settings.short(format_args!(
            "an error that panicked as it was shown: {panic}"
        ))
    });
    settings.encoded_text(&said)
}
