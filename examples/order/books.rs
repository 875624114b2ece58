//! The shop's books: what is in stock, on hold and on its way, and the money on each card.
//!
//! Every entry is made whole or not at all, so that a refusal leaves nothing to clean up.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use stateway::Key;

use crate::cents::Cents;
use crate::goods::{CardToken, CustomerId, Units};
use crate::opening::{Card, Opening};
use crate::reason::Reason;

/// Where everything is now.
#[derive(Debug)]
pub(crate) struct Books {
    pub(crate) stock: Units,
    pub(crate) held: BTreeMap<HoldId, Units>,
    pub(crate) under_way: BTreeMap<ParcelId, Units>,
    pub(crate) handed_over: Units,
    pub(crate) cards: BTreeMap<CardToken, Card>,
    pub(crate) payments: HashMap<Key, Payment>,
    /// Names holds and parcels; never used twice.
    next: u64,
}

/// Goods that were taken from the stock for one order. Not `Clone`: it is spent once.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct HoldId(u64);

/// The label of a parcel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ParcelId(u64);

/// Goods on their way.
#[derive(Debug)]
pub(crate) struct Parcel {
    pub(crate) id: ParcelId,
    pub(crate) to: CustomerId,
    pub(crate) units: u64,
}

/// Money that has left a card.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Payment {
    pub(crate) amount: Cents,
}

/// An order speaks of goods that the books do not have: they were given away twice.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum NoSuchGoods {
    #[error("nothing is on hold under {0}")]
    Hold(HoldId),
    #[error("no parcel {0} is under way")]
    Parcel(ParcelId),
}

impl Books {
    pub(crate) fn open(opening: Opening) -> Self {
        let stock = opening.stock.into_iter();
        Books {
            stock: stock.map(|(sku, count)| (sku, count.into())).collect(),
            held: BTreeMap::new(),
            under_way: BTreeMap::new(),
            handed_over: Units::new(),
            cards: opening.cards,
            payments: HashMap::new(),
            next: 1,
        }
    }

    /// Takes goods from the stock.
    pub(crate) fn hold(&mut self, wanted: &Units) -> Result<HoldId, Reason> {
        for (sku, count) in wanted {
            match self.stock.get(sku) {
                None => return Err(Reason::NotSold(sku.clone())),
                Some(left) if left < count => return Err(Reason::OutOfStock(sku.clone())),
                Some(_) => {}
            }
        }
        for (sku, count) in wanted {
            if let Some(left) = self.stock.get_mut(sku) {
                *left -= count;
            }
        }
        let hold = self.number();
        self.held.insert(HoldId(hold), wanted.clone());
        Ok(HoldId(hold))
    }

    /// Puts goods on hold back into the stock.
    pub(crate) fn release(&mut self, hold: HoldId) -> Result<(), NoSuchGoods> {
        let goods = self.held.remove(&hold).ok_or(NoSuchGoods::Hold(hold))?;
        add(&mut self.stock, goods);
        Ok(())
    }

    /// Moves money from a card to the shop, once for each key.
    pub(crate) fn charge(
        &mut self,
        key: Key,
        token: &CardToken,
        amount: Cents,
    ) -> Result<Payment, Reason> {
        if let Some(payment) = self.payments.get(&key) {
            return Ok(*payment);
        }
        let card = self.cards.get_mut(token).ok_or(Reason::CardUnknown)?;
        if card.blocked {
            return Err(Reason::CardBlocked);
        }
        let rest = card.available.0.checked_sub(amount.0);
        card.available = Cents(rest.ok_or(Reason::NotEnoughMoney)?);
        let payment = Payment { amount };
        self.payments.insert(key, payment);
        Ok(payment)
    }

    /// Makes a parcel of goods on hold.
    pub(crate) fn ship(&mut self, hold: HoldId, to: &CustomerId) -> Result<Parcel, NoSuchGoods> {
        let goods = self.held.remove(&hold).ok_or(NoSuchGoods::Hold(hold))?;
        let id = ParcelId(self.number());
        let units = goods.values().sum();
        self.under_way.insert(id, goods);
        Ok(Parcel {
            id,
            to: to.clone(),
            units,
        })
    }

    /// Gives a parcel to the customer.
    pub(crate) fn hand_over(&mut self, parcel: &Parcel) -> Result<(), NoSuchGoods> {
        let goods = self.under_way.remove(&parcel.id);
        add(
            &mut self.handed_over,
            goods.ok_or(NoSuchGoods::Parcel(parcel.id))?,
        );
        Ok(())
    }

    fn number(&mut self) -> u64 {
        let number = self.next;
        self.next += 1;
        number
    }
}

fn add(all: &mut Units, more: Units) {
    for (sku, count) in more {
        *all.entry(sku).or_default() += count;
    }
}

impl fmt::Display for HoldId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "H-{}", self.0)
    }
}

impl fmt::Display for ParcelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "P-{}", self.0)
    }
}
