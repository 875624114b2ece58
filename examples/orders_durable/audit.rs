//! The fate of the orders, counted from their ends, and whether the books agree.

use std::collections::BTreeMap;
use std::fmt;

use crate::books::Books;
use crate::cents::Cents;
use crate::process::{Delivered, OrderEnd, Rejected};
use crate::reason::Reason;

#[derive(Debug, Default)]
pub(crate) struct Audit {
    delivered: u64,
    units: u64,
    revenue: u64,
    rejected: BTreeMap<Reason, u64>,
}

/// Something that the books and the orders do not agree about.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Imbalance {
    #[error("{counted} units were delivered by the orders, {booked} by the books")]
    Units { counted: u64, booked: u64 },
    #[error("{revenue} is the revenue of the orders, and {taken} was taken from the cards")]
    Money { revenue: Cents, taken: Cents },
    #[error("{0} holds and parcels are open, and no order is left to close them")]
    Open(usize),
}

impl Audit {
    pub(crate) fn ended(&mut self, end: &OrderEnd) {
        match end {
            OrderEnd::Delivered(Delivered { units, payment, .. }) => {
                self.delivered += 1;
                self.units += units;
                self.revenue += payment.0;
            }
            OrderEnd::Rejected(Rejected { reason }) => {
                *self.rejected.entry(reason.clone()).or_default() += 1;
            }
        }
    }

    pub(crate) fn imbalances(&self, books: &Books) -> Vec<Imbalance> {
        let (booked, taken, open) = books.totals();
        let mut found = Vec::new();
        if self.units != booked {
            let counted = self.units;
            found.push(Imbalance::Units { counted, booked });
        }
        let revenue = Cents(self.revenue);
        if revenue != taken {
            found.push(Imbalance::Money { revenue, taken });
        }
        if open > 0 {
            found.push(Imbalance::Open(open));
        }
        found
    }
}

impl fmt::Display for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rejected: u64 = self.rejected.values().sum();
        writeln!(f, "{:>10} orders", self.delivered + rejected)?;
        writeln!(f, "{:>10} delivered", self.delivered)?;
        writeln!(f, "{rejected:>10} rejected")?;
        for (reason, count) in &self.rejected {
            writeln!(f, "{count:>16} {reason}")?;
        }
        writeln!(f, "{:>10} units shipped", self.units)?;
        writeln!(f, "{:>10} revenue", Cents(self.revenue))
    }
}
