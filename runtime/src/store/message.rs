//! Messages on their way to a run.

use std::time::SystemTime;

use super::{HistoryRow, Name, RunRow};
use crate::run::RunId;

/// A message to a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The run.
    pub run: RunId,
    /// Its own id: a second one with the same is the same message.
    pub id: String,
    /// The signal that it is.
    pub signal: String,
    /// What it carries.
    pub payload: Vec<u8>,
    /// When it came.
    pub at: SystemTime,
}

/// A message as it is handed to a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The message.
    pub message: Message,
    /// Refuses it unless the run is in one of these states and goes forward. With `None` it waits for a state that takes it.
    pub only_in: Option<Vec<Name>>,
    /// Refuses it if the run with this id is another by now, of another [incarnation](super::RunRow::incarnation).
    pub only_to: Option<u64>,
}

impl From<Message> for Delivery {
    fn from(message: Message) -> Self {
        Delivery {
            message,
            only_in: None,
            only_to: None,
        }
    }
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// It is kept.
    Kept,
    /// The run has had one with this id.
    Known,
}

/// The state of a message to a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageState {
    /// It waits for a state that takes it.
    Waits,
    /// The transition of this row of the history has taken it.
    Taken(Box<HistoryRow>),
    /// A transition has taken it, and its row of the history was [removed](RunRow::removes).
    Forgotten,
    /// It is left: the run has ended, or is rolled back, and no state of it takes a message any more.
    Left,
}

/// A message that was left when its run ended.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct LeftMessage {
    /// Its id.
    pub id: String,
    /// The signal that it is.
    pub signal: String,
}

impl LeftMessage {
    /// The most messages that the last row of a run names: the oldest of those that are left.
    pub const MOST: usize = 256;
}

impl From<&Message> for LeftMessage {
    fn from(message: &Message) -> Self {
        LeftMessage {
            id: message.id.clone(),
            signal: message.signal.clone(),
        }
    }
}

impl MessageState {
    /// That of a message which was not taken, by the row of its run.
    #[must_use]
    pub fn untaken(row: &RunRow) -> Self {
        if row.rolls_back || row.status.is_ended() {
            MessageState::Left
        } else {
            MessageState::Waits
        }
    }
}
