//! A run to be added, and a run as a store has it.

use std::time::SystemTime;

use super::{Lease, Message, Name, NoteRow, RunRow};
use crate::run::RunId;

/// A run to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRun {
    /// Its id.
    pub id: RunId,
    /// The random number that tells it apart from others with this id.
    pub incarnation: u64,
    /// The name of its workflow.
    pub workflow: Name,
    /// The version of the declaration.
    pub version: u32,
    /// The encoded input.
    pub input: Vec<u8>,
    /// The name of the state that it begins in.
    pub state: Name,
    /// The payload of that state.
    pub payload: Vec<u8>,
    /// The time it is started.
    pub at: SystemTime,
    /// The time it is due. Defaults to the time it is started.
    pub due: Option<SystemTime>,
    /// The priority. Of the runs that are due, the one with the highest is claimed first. Defaults to 0.
    pub priority: i8,
    /// The run that starts it.
    pub parent: Option<Parent>,
    /// The `#[index]` fields of the state that it begins in.
    pub index: Vec<IndexEntry>,
    /// The trace that it belongs to.
    pub trace: Option<TraceContext>,
    /// The messages that it has from the start, each with an id of its own. They do not make it due earlier.
    pub messages: Vec<Message>,
    /// True if it replaces a run with this id that has ended. That run is removed with all its records, in the same change.
    pub again: bool,
    /// The lease with which the caller claims the run at once, also before it is due. With `None` nobody holds it.
    pub lease: Option<Lease>,
}

impl NewRun {
    /// Returns a run that is due at once, with an empty input and payload.
    #[must_use]
    pub fn new(
        id: RunId,
        workflow: impl Into<Name>,
        version: u32,
        state: impl Into<Name>,
        at: SystemTime,
    ) -> Self {
        NewRun {
            id,
            incarnation: crate::run::incarnation(),
            workflow: workflow.into(),
            version,
            input: Vec::new(),
            state: state.into(),
            payload: Vec::new(),
            at,
            due: None,
            priority: 0,
            parent: None,
            index: Vec::new(),
            trace: None,
            messages: Vec::new(),
            again: false,
            lease: None,
        }
    }
}

/// The run that has started another.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Parent {
    /// Its id.
    pub run: RunId,
    /// The key of the branch that the other is.
    pub key: String,
}

/// A field of a state that runs are found by.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct IndexEntry {
    /// The name of the field.
    pub name: Name,
    /// The value of the field.
    pub value: IndexValue,
}

/// The value of an indexed field. It is stored as it is, also if the codec encrypts payloads.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum IndexValue {
    /// A text.
    Text(String),
    /// A number.
    Integer(i64),
}

impl From<&str> for IndexValue {
    fn from(text: &str) -> Self {
        IndexValue::Text(text.to_owned())
    }
}

impl From<String> for IndexValue {
    fn from(text: String) -> Self {
        IndexValue::Text(text)
    }
}

impl From<i64> for IndexValue {
    fn from(number: i64) -> Self {
        IndexValue::Integer(number)
    }
}

/// The trace that a run belongs to, as W3C's Trace Context passes it on: <https://www.w3.org/TR/trace-context/>.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceContext {
    /// The header `traceparent`.
    pub parent: String,
    /// The header `tracestate`.
    pub state: Option<String>,
}

/// The result of adding a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Created {
    /// The run was added.
    New(RunRow),
    /// A run with this id exists.
    Known {
        /// Its row.
        row: RunRow,
        /// The encoded input.
        input: Vec<u8>,
        /// The state that it began in.
        state: Name,
        /// The payload of that state.
        payload: Vec<u8>,
    },
}

/// A run, as the store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its row.
    pub row: RunRow,
    /// The encoded input.
    pub input: Vec<u8>,
    /// The payload of the state that it is in.
    pub payload: Vec<u8>,
    /// The trace that it belongs to.
    pub trace: Option<TraceContext>,
    /// The notes about attempts of the visit that has not ended, in the order of their keys, without the outputs of branches.
    pub attempts: Vec<NoteRow>,
}
