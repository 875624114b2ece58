//! Effects: parts of a visit that were done and can be undone by themselves, also if the visit leads nowhere.

use super::{Commit, Event, Name, Progress, RunRow};

/// The place of the payload of the source state of an [`Event::Effect`]. The branches of one split share it, so it is stored once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Here, as the codec wrote it.
    Here(Vec<u8>),
    /// In the [`Event::Effect`] whose number in the history is this much smaller. It has its own [here](Source::Here), and is kept as
    /// long as this one is: no history row of an effect is removed before its run.
    Before(u32),
}

/// Marks the output of a branch that can be undone by itself: it becomes an [`Event::Effect`] if the visit leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EffectNote {
    /// The name of the handler that undoes it.
    pub undo: Name,
    /// Its position among the effects of the visit, in the order in which they were done.
    pub number: u32,
}

impl Progress {
    /// Returns the output of a branch that has ended well and cannot be undone by itself.
    #[must_use]
    pub fn output(output: Vec<u8>) -> Self {
        let effect = None;
        Progress::Output { output, effect }
    }

    /// Returns the effect of a branch that has ended and can be undone by itself.
    #[must_use]
    pub fn effect(&self) -> Option<&EffectNote> {
        match self {
            Progress::Output { effect, .. } => effect.as_ref(),
            Progress::Attempts { .. } => None,
        }
    }
}

impl Event {
    /// Returns true for an [`Event::Effect`].
    #[must_use]
    pub fn is_effect(&self) -> bool {
        matches!(self, Event::Effect { .. })
    }

    /// Returns true if this note about the visit is kept when the event is recorded. A pause (`else pause`) drops the attempts and the
    /// plain outputs, which are made anew when the run is resumed; it keeps the outputs of branches with an
    /// [effect](EffectNote), which are neither forgotten nor done twice.
    #[must_use]
    pub fn keeps(&self, note: &Progress) -> bool {
        self.keeps_notes() || self.keeps_some_notes() && note.effect().is_some()
    }

    /// Returns true if there are notes that it [keeps](Event::keeps).
    pub(crate) fn keeps_some_notes(&self) -> bool {
        self.keeps_notes() || matches!(self, Event::Paused)
    }
}

impl RunRow {
    /// Returns the number of the history row that the event of a commit becomes, asked before the commit is
    /// [applied](RunRow::apply). Its [effects](Commit::effects) have the numbers directly before it.
    #[must_use]
    pub fn number_of(&self, commit: &Commit) -> u64 {
        let effects = commit.effects.len() as u64;
        self.rows.saturating_add(effects).saturating_add(1)
    }
}
