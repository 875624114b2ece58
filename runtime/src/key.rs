//! Names that stay the same when work is repeated: of a run, and of one visit to a transition.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::error::BranchName;

/// Names one run among all runs.
///
/// A run that is driven in memory gets an id that no other run has, in this process or another:
/// 128 bits, random for the process and counted within it. It prints as 32 hexadecimal digits.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RunId(u128);

impl RunId {
    /// An id that no other run has.
    pub(crate) fn unique() -> Self {
        static PROCESS: OnceLock<u128> = OnceLock::new();
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let process = *PROCESS.get_or_init(|| u128::from(random()) << 64 | u128::from(random()));
        let run = NEXT.fetch_add(1, Ordering::Relaxed);
        // A forked process has the randomness and the count of its parent, but lives later. The number of
        // the process would say it as well, and takes a system call.
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.map_or(0, |since| since.as_nanos()) << 64;
        RunId(process.wrapping_add(u128::from(run)) ^ now)
    }
}

/// 64 random bits: the standard library seeds the hasher of every map from the system.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

impl fmt::Debug for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RunId({self})")
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// An idempotency key: names one visit to one transition of one run.
///
/// It is equal for every attempt of the same visit and never equal for another visit, so a
/// service that is called with it can tell a repeat from a new request. It prints as
/// `workflow/run/visit`, where visits are counted from 1. The key of an undo ends in `/undo`, that of a
/// branch in `/branch/name`, or `/branch/name/item` where items are counted from 0.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    pub(crate) workflow: &'static str,
    pub(crate) run: RunId,
    pub(crate) visit: u64,
    pub(crate) part: Part,
}

/// Which part of a visit a key names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Part {
    Whole,
    Undo,
    Branch(BranchName),
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.workflow, self.run, self.visit)?;
        match self.part {
            Part::Whole => Ok(()),
            Part::Undo => f.write_str("/undo"),
            Part::Branch(BranchName { branch, item }) => {
                write!(f, "/branch/{branch}")?;
                item.map_or(Ok(()), |item| write!(f, "/{item}"))
            }
        }
    }
}
