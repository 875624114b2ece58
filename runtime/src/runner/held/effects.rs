//! The effects of the current visit that are undone by themselves: branches that were done, and a step whose last call is in doubt.
//!
//! Each is a note with an [`EffectNote`], kept here before it is in the store. The end of the visit records them as rows of
//! the history, so that no branch is lost that is dropped while its note is on its way to the store.

use super::state::HeldState;
use super::{HeldRun, Loss};
use crate::run::{PartName, PartOf};
use crate::store::{EffectNote, Event, Name, Progress, Source};

impl HeldState {
    /// Keeps that a part of the visit was done, or may have been. Returns its note.
    fn affect(&mut self, part: String, output: Vec<u8>, undo: Name) -> Progress {
        let number = self.effects;
        self.effects = number.saturating_add(1);
        let effect = Some(EffectNote { undo, number });
        let progress = Progress::Output { output, effect };
        self.notes.insert(part, progress.clone());
        progress
    }

    /// Returns the effects as rows of the history before the end of the visit: all but that of a step which leads on.
    pub(super) fn effects_before(&self, event: &Event) -> Vec<Event> {
        if event.keeps_some_notes() {
            return Vec::new();
        }
        let leads = match event {
            Event::Transition { transition, .. } => Some(&**transition),
            _ => None,
        };
        let mut effects: Vec<_> = self
            .notes
            .iter()
            .filter_map(|(key, progress)| {
                let Progress::Output { output, effect } = progress else {
                    return None;
                };
                let (part, effect): (PartName, _) = (key.parse().ok()?, effect.as_ref()?);
                let led = part.of == PartOf::Whole && leads == Some(&*part.transition);
                (!led).then_some((effect, part, output))
            })
            .collect();
        effects.sort_by_key(|(effect, ..)| effect.number);
        let rows = effects.into_iter().zip(0..);
        let rows = rows.map(|((effect, part, output), before)| Event::Effect {
            branch: part.of.branch(),
            transition: part.transition.into_owned().into(),
            visit: part.visit,
            output: output.clone(),
            state: self.row.state.clone(),
            source: match before {
                0 => Source::Here(self.payload.clone().unwrap_or_default()),
                before => Source::Before(before),
            },
            undo: effect.undo.clone(),
        });
        rows.collect()
    }
}

impl HeldRun {
    /// Keeps that a branch was done, and can be undone. Returns its note.
    pub(super) fn branch_done(
        &self,
        part: &PartName,
        output: Vec<u8>,
        undo: Option<&'static str>,
    ) -> Progress {
        match undo {
            Some(undo) => self.state().affect(part.to_string(), output, undo.into()),
            None => Progress::output(output),
        }
    }

    /// Returns true if the visit leaves an undo that the row does not count yet, if it ends with this transition, or without one.
    pub(in crate::runner) fn has_effects(&self, leads: Option<&str>) -> bool {
        let state = self.state();
        let mut effects = state.notes.iter().filter(|(_, it)| it.effect().is_some());
        effects.any(|(key, _)| {
            let part = key.parse::<PartName>();
            part.is_ok_and(|it| it.of != PartOf::Whole || leads != Some(&*it.transition))
        })
    }

    /// Returns true if this step was called in its visit before the run was taken up, and the end of that call is not known.
    pub(in crate::runner) fn was_called(&self, step: &PartName) -> bool {
        match self.state().notes.get(&step.to_string()) {
            Some(Progress::Attempts { called, .. }) => *called > 0,
            Some(Progress::Output { effect, .. }) => effect.is_some(),
            None => false,
        }
    }

    /// Keeps that the last call of this step is in doubt and that `undo` undoes it; with `None`, that the call is not in doubt.
    pub(in crate::runner) fn set_doubt(&self, step: &PartName, undo: Option<&'static str>) {
        let (part, mut state) = (step.to_string(), self.state());
        state.notes.remove(&part);
        if let Some(undo) = undo {
            state.affect(part, Vec::new(), undo.into());
        }
    }

    /// Stores a doubt, because the run stands still before its visit has ended.
    ///
    /// # Errors
    /// The reason why the run is not driven any longer.
    pub(in crate::runner) async fn note_doubt(&self, step: &PartName) -> Result<(), Loss> {
        let part = step.to_string();
        let kept = self.state().notes.get(&part).cloned();
        match kept {
            Some(doubt) => self.note(part, doubt, false).await,
            None => Ok(()),
        }
    }

    /// Returns the number of the visit that leaves the state of the run, which is stored.
    pub(in crate::runner) fn next_visit(&self) -> u64 {
        self.state().row.visit.saturating_add(1)
    }

    /// Returns the name of the state of the run.
    pub(in crate::runner) fn state_name(&self) -> Name {
        self.state().row.state.clone()
    }
}
