//! Idempotency keys: they stay the same when work is repeated.

use std::fmt;

use super::branch::BranchName;
use super::id::RunId;

/// An idempotency key: names one visit to one transition of one run.
///
/// It is equal for every attempt of the same visit, also after a crash, and never equal for another visit, so a
/// service that is called with it can tell a repeat from a new request. It prints as
/// `workflow/run/visit`, where visits are counted from 1. The key of a stored run prints as
/// `workflow/run/incarnation/visit`: the incarnation, 16 hexadecimal digits, tells the run apart from those that had its
/// id before and were purged, or that have it in another store. The key of an undo ends in `/undo`, that of a
/// poll in `/poll/name`, that of a signal which interrupts a step in `/signal/name`, that of a branch in `/branch/name`, or
/// `/branch/name/item` where items are counted from 0; the undo of a branch adds `/undo` to that, and the undo of a call in doubt
/// is `/doubt/name/undo`. A `/` in the name of the workflow or the id of the run prints as `%2F`,
/// and a `%` as `%25`.
///
/// Keys are sorted by workflow, run, incarnation and visit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub(crate) workflow: &'static str,
    pub(crate) run: RunId,
    /// What tells runs with this id apart; nothing where no two have one.
    pub(crate) incarnation: Option<u64>,
    pub(crate) visit: u64,
    pub(crate) part: Part,
}

/// Which part of a visit a key names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Part {
    Whole,
    Undo,
    Branch(BranchName),
    /// The undo of such a branch.
    UndoBranch(BranchName),
    /// The undo of the step with this name, whose last call is in doubt: what comes behind it may have the number of its visit.
    InDoubt(&'static str),
    /// The askings of the poll with this name.
    Asked(&'static str),
    /// The signal with this name, which has interrupted a step.
    Interrupts(&'static str),
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        escaped(f, self.workflow)?;
        f.write_str("/")?;
        escaped(f, &self.run.text())?;
        if let Some(incarnation) = self.incarnation {
            write!(f, "/{incarnation:016x}")?;
        }
        write!(f, "/{}", self.visit)?;
        match self.part {
            Part::Whole => Ok(()),
            Part::Undo => f.write_str("/undo"),
            Part::Asked(poll) => write!(f, "/poll/{poll}"),
            Part::Interrupts(signal) => write!(f, "/signal/{signal}"),
            Part::InDoubt(step) => write!(f, "/doubt/{step}/undo"),
            Part::Branch(branch) => of_branch(f, branch),
            Part::UndoBranch(branch) => {
                of_branch(f, branch)?;
                f.write_str("/undo")
            }
        }
    }
}

fn of_branch(f: &mut fmt::Formatter<'_>, name: BranchName) -> fmt::Result {
    let BranchName { branch, item } = name;
    write!(f, "/branch/{branch}")?;
    item.map_or(Ok(()), |item| write!(f, "/{item}"))
}

/// As it prints.
#[cfg(feature = "durable")]
impl serde::Serialize for Key {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A part of a key, in which a `/` would look like the end of it.
fn escaped(f: &mut fmt::Formatter<'_>, part: &str) -> fmt::Result {
    if part.contains(['/', '%']) {
        f.write_str(&part.replace('%', "%25").replace('/', "%2F"))
    } else {
        f.write_str(part)
    }
}
