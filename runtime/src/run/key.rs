//! Idempotency keys, which stay the same if work is repeated.

use std::fmt;

use super::branch::BranchName;
use super::id::RunId;

/// An idempotency key: names one visit to one transition of one run.
///
/// It is equal for every attempt of the same visit, also after a crash, and never equal for another visit, so a
/// service that is called with it can tell a repeat from a new request.
///
/// ```
/// # use stateway::prelude::*;
/// # workflow! { workflow Order { start Placed; done Charged { key: String }; step charge: Placed -> Charged; } }
/// # struct Shop;
/// # impl OrderSteps for Shop {
/// #     type Error = String;
/// async fn charge(&self, _: Placed, step: &Step<Charge>) -> Result<Charge, String> {
///     // As the header `Idempotency-Key` of the request, for example.
///     let key = step.key().to_string();
///     assert!(key.starts_with("Order/") && key.ends_with("/1"));
///     Ok(step.to(Charged { key }))
/// }
/// # }
/// # assert!(pollster::block_on(Order::start(Placed).run(&Shop)).is_ok());
/// ```
///
/// It prints as `workflow/run/visit`, where visits are counted from 1. The key of a stored run prints as
/// `workflow/run/incarnation/visit`: the incarnation, 16 hexadecimal digits, tells the run apart from runs that had its
/// id before and were purged, or that have it in another store. A suffix names a part of the visit:
///
/// | suffix | the key of |
/// | --- | --- |
/// | `/undo` | the undo of a transition |
/// | `/poll/name` | the askings of a poll |
/// | `/signal/name` | a signal that interrupts a step |
/// | `/branch/name`, `/branch/name/item` | a branch, with the position of its item counted from 0 |
/// | `/branch/name/undo`, `/branch/name/item/undo` | the undo of a branch |
/// | `/doubt/name/undo` | the undo of a call in doubt |
///
/// A `/` in the name of the workflow or the id of the run prints as `%2F`, and a `%` as `%25`.
///
/// Keys are sorted by workflow, run, incarnation and visit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub(crate) workflow: &'static str,
    pub(crate) run: RunId,
    /// The number that tells runs with this id apart; `None` for a run in memory, whose id is unique.
    pub(crate) incarnation: Option<u64>,
    pub(crate) visit: u64,
    pub(crate) part: Part,
}

/// The part of a visit that a key names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Part {
    Whole,
    Undo,
    Branch(BranchName),
    /// The undo of such a branch.
    UndoBranch(BranchName),
    /// The undo of the step with this name, whose last call is in doubt: the transition that follows may have the same number of visit.
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

/// Serializes as it prints.
#[cfg(feature = "durable")]
impl serde::Serialize for Key {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Writes a part of a key, in which a `/` would look like its end.
fn escaped(f: &mut fmt::Formatter<'_>, part: &str) -> fmt::Result {
    if part.contains(['/', '%']) {
        f.write_str(&part.replace('%', "%25").replace('/', "%2F"))
    } else {
        f.write_str(part)
    }
}
