//! The shop's books: what is in stock and on hold, and the money on each card.
//!
//! They are the world outside of the runs, with a file of their own: one line for each entry, with the key of the
//! visit that made it. An entry with a key that is there is not made again, and answers as it did the first
//! time. So a handler that runs once more after a kill does no harm.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use stateway::Key;

use crate::cents::Cents;
use crate::goods::{CardToken, Units};
use crate::opening::{Card, Opening};
use crate::reason::Reason;

/// Goods that were taken from the stock for one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct HoldId(u64);

/// The label of a parcel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct ParcelId(u64);

/// Why an entry could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum BooksError {
    #[error("{} cannot be used", .path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{}:{line}: not an entry", .path.display())]
    Line {
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        source: serde_json::Error,
    },
    #[error("the books are half written: another order panicked over them")]
    HalfWritten,
    #[error("key {0} made another entry before")]
    OtherEntry(String),
    #[error("nothing is on hold under {0:?}")]
    NoHold(HoldId),
    #[error("no parcel {0:?} is under way")]
    NoParcel(ParcelId),
}

/// Something that happened, once.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Entry {
    Held { hold: HoldId, units: Units },
    Refused { reason: Reason },
    Released { hold: HoldId },
    Charged { card: CardToken, amount: Cents },
    Refunded { card: CardToken, amount: Cents },
    Shipped { hold: HoldId, parcel: ParcelId },
    HandedOver { parcel: ParcelId },
}

/// A line of the file.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    key: String,
    entry: Entry,
}

#[derive(Debug)]
pub(crate) struct Books {
    path: PathBuf,
    file: File,
    by_key: HashMap<String, Entry>,
    stock: Units,
    held: BTreeMap<HoldId, Units>,
    under_way: BTreeMap<ParcelId, Units>,
    cards: BTreeMap<CardToken, Card>,
    handed_over: u64,
    /// The sums that were charged and not paid back.
    taken: u64,
    /// Names holds and parcels; never used twice.
    next: u64,
}

impl Books {
    /// Opens the file of a shop, which began with this, and reads what has happened since.
    pub(crate) fn open(opening: &Opening, path: &Path) -> Result<Self, BooksError> {
        let failed = |source| BooksError::File {
            path: path.to_owned(),
            source,
        };
        let options = File::options()
            .read(true)
            .append(true)
            .create(true)
            .open(path);
        let file = options.map_err(failed)?;
        let lines = BufReader::new(file.try_clone().map_err(failed)?).lines();
        let stock = opening.stock.iter();
        let mut books = Books {
            path: path.to_owned(),
            file,
            by_key: HashMap::new(),
            stock: stock
                .map(|(sku, count)| (sku.clone(), (*count).into()))
                .collect(),
            held: BTreeMap::new(),
            under_way: BTreeMap::new(),
            cards: opening.cards.clone(),
            handed_over: 0,
            taken: 0,
            next: 1,
        };
        for (number, line) in (1..).zip(lines) {
            let line = line.map_err(failed)?;
            let line: Line = serde_json::from_str(&line).map_err(|source| BooksError::Line {
                path: path.to_owned(),
                line: number,
                source,
            })?;
            books.apply(&line.entry)?;
            books.by_key.insert(line.key, line.entry);
        }
        Ok(books)
    }

    /// Takes goods from the stock.
    pub(crate) fn hold(
        &mut self,
        key: &Key,
        wanted: &Units,
    ) -> Result<Result<HoldId, Reason>, BooksError> {
        let entry = self.once(key, |books| {
            let missing = wanted
                .iter()
                .find_map(|(sku, count)| match books.stock.get(sku) {
                    None => Some(Reason::NotSold(sku.clone())),
                    Some(left) if left < count => Some(Reason::OutOfStock(sku.clone())),
                    Some(_) => None,
                });
            match missing {
                Some(reason) => Entry::Refused { reason },
                None => Entry::Held {
                    hold: HoldId(books.next),
                    units: wanted.clone(),
                },
            }
        });
        match entry? {
            Entry::Held { hold, .. } => Ok(Ok(hold)),
            Entry::Refused { reason } => Ok(Err(reason)),
            _ => Err(BooksError::OtherEntry(key.to_string())),
        }
    }

    /// Puts goods on hold back into the stock.
    pub(crate) fn release(&mut self, key: &Key, hold: HoldId) -> Result<(), BooksError> {
        self.once(key, |_| Entry::Released { hold }).map(|_| ())
    }

    /// Moves money from a card to the shop.
    pub(crate) fn charge(
        &mut self,
        key: &Key,
        card: &CardToken,
        amount: Cents,
    ) -> Result<Result<Cents, Reason>, BooksError> {
        let entry = self.once(key, |books| {
            let reason = match books.cards.get(card) {
                None => Reason::CardUnknown,
                Some(known) if known.blocked => Reason::CardBlocked,
                Some(known) if known.available < amount => Reason::NotEnoughMoney,
                Some(_) => {
                    let card = card.clone();
                    return Entry::Charged { card, amount };
                }
            };
            Entry::Refused { reason }
        });
        match entry? {
            Entry::Charged { amount, .. } => Ok(Ok(amount)),
            Entry::Refused { reason } => Ok(Err(reason)),
            _ => Err(BooksError::OtherEntry(key.to_string())),
        }
    }

    /// Gives money back to a card.
    pub(crate) fn refund(
        &mut self,
        key: &Key,
        card: &CardToken,
        amount: Cents,
    ) -> Result<(), BooksError> {
        let card = card.clone();
        self.once(key, |_| Entry::Refunded { card, amount })
            .map(|_| ())
    }

    /// Makes a parcel of goods on hold.
    pub(crate) fn ship(&mut self, key: &Key, hold: HoldId) -> Result<ParcelId, BooksError> {
        let entry = self.once(key, |books| Entry::Shipped {
            hold,
            parcel: ParcelId(books.next),
        });
        match entry? {
            Entry::Shipped { parcel, .. } => Ok(parcel),
            _ => Err(BooksError::OtherEntry(key.to_string())),
        }
    }

    /// Gives a parcel to the customer.
    pub(crate) fn hand_over(&mut self, key: &Key, parcel: ParcelId) -> Result<(), BooksError> {
        self.once(key, |_| Entry::HandedOver { parcel }).map(|_| ())
    }

    /// The units that the customers have, the sums taken from the cards, and what is neither in the stock nor
    /// with a customer.
    pub(crate) fn totals(&self) -> (u64, Cents, usize) {
        let open = self.held.len() + self.under_way.len();
        (self.handed_over, Cents(self.taken), open)
    }

    /// Makes an entry, if there is none with this key. Gives the one that there is then.
    fn once(
        &mut self,
        key: &Key,
        decide: impl FnOnce(&Self) -> Entry,
    ) -> Result<Entry, BooksError> {
        let key = key.to_string();
        if let Some(entry) = self.by_key.get(&key) {
            return Ok(entry.clone());
        }
        let entry = decide(self);
        self.apply(&entry)?;
        let line = Line {
            key: key.clone(),
            entry: entry.clone(),
        };
        let line = serde_json::to_string(&line).map_err(io::Error::from);
        // One call of the system: a kill leaves a line or none.
        let written = line.and_then(|line| self.file.write_all(format!("{line}\n").as_bytes()));
        written.map_err(|source| BooksError::File {
            path: self.path.clone(),
            source,
        })?;
        self.by_key.insert(key, entry.clone());
        Ok(entry)
    }

    fn apply(&mut self, entry: &Entry) -> Result<(), BooksError> {
        match entry {
            Entry::Held { hold, units } => {
                for (sku, count) in units {
                    if let Some(left) = self.stock.get_mut(sku) {
                        *left -= count;
                    }
                }
                self.held.insert(*hold, units.clone());
                self.next = hold.0 + 1;
            }
            Entry::Refused { .. } => {}
            Entry::Released { hold } => {
                let goods = self.held.remove(hold).ok_or(BooksError::NoHold(*hold))?;
                for (sku, count) in goods {
                    *self.stock.entry(sku).or_default() += count;
                }
            }
            Entry::Charged { card, amount } => {
                if let Some(card) = self.cards.get_mut(card) {
                    card.available.0 -= amount.0;
                }
                self.taken += amount.0;
            }
            Entry::Refunded { card, amount } => {
                if let Some(card) = self.cards.get_mut(card) {
                    card.available.0 += amount.0;
                }
                self.taken -= amount.0;
            }
            Entry::Shipped { hold, parcel } => {
                let goods = self.held.remove(hold).ok_or(BooksError::NoHold(*hold))?;
                self.under_way.insert(*parcel, goods);
                self.next = parcel.0 + 1;
            }
            Entry::HandedOver { parcel } => {
                let goods = self.under_way.remove(parcel);
                let goods = goods.ok_or(BooksError::NoParcel(*parcel))?;
                self.handed_over += goods.values().sum::<u64>();
            }
        }
        Ok(())
    }
}
