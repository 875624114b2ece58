//! Messages to a run.

use std::time::SystemTime;

use super::{HistoryRow, Name, RunRow};
use crate::run::RunId;

/// A message to a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The run.
    pub run: RunId,
    /// The id of the message. A second one with the same id is the same message.
    pub id: String,
    /// The name of the signal.
    pub signal: String,
    /// The encoded payload.
    pub payload: Vec<u8>,
    /// The time it was sent.
    pub at: SystemTime,
}

/// A message with the conditions of its delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The message.
    pub message: Message,
    /// The states in one of which the run has to be, going forward; otherwise the message is refused. With `None` it waits for a
    /// state that takes it.
    pub only_in: Option<Vec<Name>>,
    /// The [incarnation](super::RunRow::incarnation) that the run has to have; otherwise the message is refused.
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

/// The result of sending a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// The message is kept.
    Kept,
    /// The run had a message with this id before.
    Known,
}

/// The state of a message to a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageState {
    /// The message waits for a state that takes it.
    Waits,
    /// The transition of this row of the history has taken it.
    Taken(Box<HistoryRow>),
    /// A transition has taken it, and its row of the history was [removed](RunRow::removes).
    Forgotten,
    /// The message is left: the run has ended, or is rolled back, and no state of it takes a message any more.
    Left,
}

/// A message that was left when its run ended.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct LeftMessage {
    /// The id of the message.
    pub id: String,
    /// The name of the signal.
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
    /// Returns the state of a message that was not taken, by the row of its run.
    #[must_use]
    pub fn untaken(row: &RunRow) -> Self {
        if row.rolls_back || row.status.is_ended() {
            MessageState::Left
        } else {
            MessageState::Waits
        }
    }
}
