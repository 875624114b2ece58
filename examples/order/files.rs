//! Reads the shop and its orders from files.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::goods::{CardToken, Cart, CustomerId};
use crate::opening::{Card, Opening};
use crate::process::OrderInput;

/// A file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum FileError {
    #[error("cannot open {}", .path.display())]
    Open { path: PathBuf, source: io::Error },
    #[error("cannot read {} beyond line {line}", .path.display())]
    Read {
        path: PathBuf,
        /// The last line that was read, counted from 1.
        line: usize,
        source: io::Error,
    },
    #[error("{} does not describe a shop", .path.display())]
    Shop {
        path: PathBuf,
        source: serde_json::Error,
    },
    #[error("{}: the cards hold more money than can be counted", .path.display())]
    TooMuchMoney { path: PathBuf },
}

/// A line that is no order.
#[derive(Debug, thiserror::Error)]
#[error("{}:{line}: not an order, skipped", .path.display())]
pub(crate) struct BrokenLine {
    path: PathBuf,
    /// Counted from 1.
    line: usize,
    source: Json,
}

/// A mistake within a line. It speaks of the column only: for the parser every line is the
/// first.
#[derive(Debug)]
struct Json(serde_json::Error);

impl std::error::Error for Json {}

/// One line of a file of orders.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    customer: CustomerId,
    card: CardToken,
    cart: Cart,
}

/// Reads what the shop starts with.
pub(crate) fn shop(path: &Path) -> Result<Opening, FileError> {
    let file = open(path)?;
    let opening: Opening =
        serde_json::from_reader(BufReader::new(file)).map_err(|source| FileError::Shop {
            path: path.to_owned(),
            source,
        })?;
    if is_countable(&opening.cards) {
        Ok(opening)
    } else {
        Err(FileError::TooMuchMoney {
            path: path.to_owned(),
        })
    }
}

fn is_countable(cards: &BTreeMap<CardToken, Card>) -> bool {
    let mut amounts = cards.values().map(|card| card.available.0);
    amounts.try_fold(0_u64, u64::checked_add).is_some()
}

/// The orders of a file in JSON Lines, one by one, and the lines that are none. Empty lines are
/// passed over.
#[derive(Debug)]
pub(crate) struct Orders {
    path: PathBuf,
    reader: BufReader<File>,
    line: usize,
}

impl Orders {
    pub(crate) fn open(path: &Path) -> Result<Self, FileError> {
        Ok(Orders {
            path: path.to_owned(),
            reader: BufReader::new(open(path)?),
            line: 0,
        })
    }

    /// The file, and the number of the line that was read last.
    pub(crate) fn position(&self) -> (&Path, usize) {
        (&self.path, self.line)
    }

    /// The next order, or what is wrong with its line; `None` at the end of the file.
    ///
    /// # Errors
    /// [`FileError::Read`] if the file cannot be read further.
    pub(crate) fn next(&mut self) -> Result<Option<Result<OrderInput, BrokenLine>>, FileError> {
        // Bytes, not text: a line that is not UTF-8 is one broken line, not the end of the file.
        let mut bytes = Vec::new();
        while bytes.trim_ascii().is_empty() {
            bytes.clear();
            let read = self.reader.read_until(b'\n', &mut bytes);
            let read = read.map_err(|source| FileError::Read {
                path: self.path.clone(),
                line: self.line,
                source,
            })?;
            if read == 0 {
                return Ok(None);
            }
            self.line += 1;
        }
        let record = serde_json::from_slice(bytes.trim_ascii_end()).map_err(|error| BrokenLine {
            path: self.path.clone(),
            line: self.line,
            source: Json(error),
        });
        Ok(Some(record.map(Record::into_input)))
    }
}

impl Record {
    fn into_input(self) -> OrderInput {
        OrderInput {
            customer: self.customer,
            card: self.card,
            cart: self.cart,
        }
    }
}

fn open(path: &Path) -> Result<File, FileError> {
    File::open(path).map_err(|source| FileError::Open {
        path: path.to_owned(),
        source,
    })
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Json(error) = self;
        let text = error.to_string();
        let position = format!(" at line {} column {}", error.line(), error.column());
        match text.strip_suffix(&position) {
            Some(text) => write!(f, "{text}, at column {}", error.column()),
            None => f.write_str(&text),
        }
    }
}
