//! The messages between client and sources.

use serde::{Deserialize, Serialize};

use crate::cents::Cents;
use crate::source::{Source, Symbol};

/// `POST /<source>`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Question {
    pub(crate) symbol: Symbol,
    /// The key of the branch that asks.
    pub(crate) key: String,
    /// Which question under this key it is, counted from 1.
    pub(crate) attempt: u32,
}

/// The answer to a question.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) price: Cents,
}

/// `GET /books`: what the sources did.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Books {
    /// Each answer that was a price; also those that nobody waited for any more.
    pub(crate) answered: Vec<Answered>,
    /// The number of questions.
    pub(crate) asked: u32,
    /// Questions that were answered with an error.
    pub(crate) down: u32,
    /// Questions that were answered with something else than a price.
    pub(crate) rubbish: u32,
    /// Questions that are never answered.
    pub(crate) hanging: u32,
}

/// A question, and the price that was the answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Answered {
    pub(crate) source: Source,
    pub(crate) question: Question,
    pub(crate) price: Cents,
}
