//! A step of a stored run whose last call is in doubt, also if it was made before the run was taken up.

use super::held::{HeldRun, Loss};
use crate::payload::durable::Durable;
use crate::run::{CurrentRun, PartName, PartOf, UndoOf, VisitEffects};

/// Returns the position of the step that leaves a state, and the handler that undoes it in doubt; `None` if there is none.
fn step_in_doubt<W: Durable>(state: &str) -> Option<(usize, &'static str)> {
    if const { !W::GRAPH.has_effects() } {
        return None;
    }
    let position = W::GRAPH.states.iter().position(|it| it.name == state)?;
    let transitions = W::GRAPH.transitions.iter().enumerate();
    let mut leaving = transitions.filter(|(_, it)| it.sources.contains(&position));
    leaving.find_map(|(step, transition)| {
        let undo = transition.policy.in_doubt()?;
        Some((step, transition.policy.undo[undo].handler))
    })
}

/// Returns the name of that step as a part of the visit that leaves the state of the run.
fn part<W: Durable>(held: &HeldRun, step: usize) -> PartName {
    PartName {
        visit: held.next_visit(),
        transition: W::GRAPH.transitions[step].name.into(),
        of: PartOf::Whole,
    }
}

/// Keeps that the step of the visit is in doubt, or that it is not, as the visit ends with this transition or leads nowhere.
/// Returns that step.
pub(super) fn settle<W: Durable>(
    held: &HeldRun,
    leads: Option<usize>,
    effects: &VisitEffects,
) -> Option<PartName> {
    let (step, undo) = step_in_doubt::<W>(&held.state_name())?;
    let part = part::<W>(held, step);
    let is_in_doubt = if leads == Some(step) {
        false
    } else if effects.has_begun {
        let mut effects = effects.done.iter();
        effects.any(|it| it.transition == step && matches!(it.undo, UndoOf::InDoubt(_)))
    } else {
        held.was_called(&part)
    };
    held.set_doubt(&part, is_in_doubt.then_some(undo));
    Some(part)
}

/// Notes in the store that the step of an interrupted visit was not called, or failed for certain, because the handler of the
/// signal may wait, and another runner may take the run up.
///
/// # Errors
/// The reason why the run is not driven any longer.
pub(super) async fn interrupted<W: Durable>(
    held: &HeldRun,
    run: &CurrentRun<W>,
) -> Result<(), Loss> {
    match step_in_doubt::<W>(&held.state_name()) {
        Some((step, _)) if run.left_in_doubt() == Some(false) => {
            held.note_no_call(part::<W>(held, step)).await
        }
        _ => Ok(()),
    }
}
