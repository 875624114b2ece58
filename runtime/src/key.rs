//! Names that stay the same when work is repeated: of a run, and of one visit to a transition.

use std::borrow::Cow;
use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::error::BranchName;

/// Names one run among all runs.
///
/// A run that is stored has the id that it was started with, any text from 1 to 255 bytes. A run that is driven
/// in memory gets one that no other run has, in this process or another: 128 bits, random for the process
/// and counted within it, which print as 32 hexadecimal digits.
///
/// Ids are compared and sorted as texts.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RunId(Text);

/// A text that consists of 32 hexadecimal digits in lower case is always kept as a number.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Text {
    Made(u128),
    Given(Arc<str>),
}

/// The longest id, in bytes.
#[cfg(feature = "durable")]
const LONGEST: usize = 255;

impl RunId {
    /// An id that no other run has.
    #[must_use]
    pub fn unique() -> Self {
        RunId(Text::Made(unique()))
    }

    /// The id as text.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        match &self.0 {
            Text::Made(id) => Cow::Owned(format!("{id:032x}")),
            Text::Given(id) => Cow::Borrowed(id),
        }
    }

    /// Whether a run may be stored under it.
    #[cfg(feature = "durable")]
    pub(crate) fn is_storable(&self) -> bool {
        match &self.0 {
            Text::Made(_) => true,
            Text::Given(id) => (1..=LONGEST).contains(&id.len()),
        }
    }
}

impl From<&str> for RunId {
    fn from(text: &str) -> Self {
        let is_digit = |it: u8| matches!(it, b'0'..=b'9' | b'a'..=b'f');
        if text.len() == 32
            && text.bytes().all(is_digit)
            && let Ok(id) = u128::from_str_radix(text, 16)
        {
            return RunId(Text::Made(id));
        }
        RunId(Text::Given(text.into()))
    }
}

impl From<String> for RunId {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl From<&String> for RunId {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl From<&RunId> for RunId {
    fn from(id: &RunId) -> Self {
        id.clone()
    }
}

impl PartialOrd for RunId {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for RunId {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        match (&self.0, &other.0) {
            (Text::Made(one), Text::Made(other)) => one.cmp(other),
            _ => self.text().cmp(&other.text()),
        }
    }
}

/// A number that nobody else has, in this process or another.
pub(crate) fn unique() -> u128 {
    static PROCESS: OnceLock<u128> = OnceLock::new();
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let process = *PROCESS.get_or_init(|| u128::from(random()) << 64 | u128::from(random()));
    let run = NEXT.fetch_add(1, Ordering::Relaxed);
    // A forked process has the randomness and the count of its parent, but lives later. The number of
    // the process would say it as well, and takes a system call.
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |since| since.as_nanos()) << 64;
    process.wrapping_add(u128::from(run)) ^ now
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
        match &self.0 {
            Text::Made(id) => write!(f, "{id:032x}"),
            Text::Given(id) => f.write_str(id),
        }
    }
}

/// An idempotency key: names one visit to one transition of one run.
///
/// It is equal for every attempt of the same visit and never equal for another visit, so a
/// service that is called with it can tell a repeat from a new request. It prints as
/// `workflow/run/visit`, where visits are counted from 1. The key of an undo ends in `/undo`, that of a
/// branch in `/branch/name`, or `/branch/name/item` where items are counted from 0. A `/` in the id of the run
/// prints as `%2F`, and a `%` as `%25`.
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
        write!(f, "{}/", self.workflow)?;
        match &self.run.0 {
            Text::Given(id) if id.contains(['/', '%']) => {
                f.write_str(&id.replace('%', "%25").replace('/', "%2F"))?;
            }
            _ => write!(f, "{}", self.run)?,
        }
        write!(f, "/{}", self.visit)?;
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
