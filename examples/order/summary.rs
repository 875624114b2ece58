//! The fate of the orders, counted from how each run ended.

use std::collections::BTreeMap;
use std::fmt;

use crate::books::ParcelId;
use crate::cents::Cents;
use crate::goods::CustomerId;
use crate::process::{Delivered, OrderEnd, Rejected};
use crate::reason::Reason;

/// Counts of ends, and of what did not get so far.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    delivered: u64,
    units: u64,
    revenue: u64,
    last: Option<(ParcelId, CustomerId)>,
    rejected: BTreeMap<Reason, u64>,
    /// Runs that ended in an error.
    stuck: u64,
    /// Lines that are no order.
    unread: u64,
}

impl Summary {
    pub(crate) fn ended(&mut self, end: OrderEnd) {
        match end {
            OrderEnd::Delivered(Delivered { parcel, payment }) => {
                self.delivered += 1;
                self.units += parcel.units;
                self.revenue += payment.amount.0;
                self.last = Some((parcel.id, parcel.to));
            }
            OrderEnd::Rejected(Rejected { reason }) => {
                *self.rejected.entry(reason).or_default() += 1;
            }
        }
    }

    pub(crate) fn got_stuck(&mut self) {
        self.stuck += 1;
    }

    pub(crate) fn was_unread(&mut self) {
        self.unread += 1;
    }

    /// Returns true if every line was an order and every order came to an end.
    pub(crate) fn is_complete(&self) -> bool {
        self.stuck == 0 && self.unread == 0
    }

    pub(crate) fn units(&self) -> u64 {
        self.units
    }

    pub(crate) fn revenue(&self) -> Cents {
        Cents(self.revenue)
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rejected: u64 = self.rejected.values().sum();
        let orders = self.delivered + rejected + self.stuck;
        writeln!(f, "{orders:>10} orders")?;
        writeln!(f, "{:>10} delivered", self.delivered)?;
        writeln!(f, "{rejected:>10} rejected")?;
        for (reason, count) in &self.rejected {
            writeln!(f, "{count:>16} {reason}")?;
        }
        if self.stuck > 0 {
            writeln!(f, "{:>10} stuck", self.stuck)?;
        }
        if self.unread > 0 {
            writeln!(f, "{:>10} lines that are no order", self.unread)?;
        }
        writeln!(f, "{:>10} units shipped", self.units)?;
        writeln!(f, "{:>10} revenue", self.revenue())?;
        if let Some((parcel, customer)) = &self.last {
            writeln!(f, "the last parcel was {parcel}, to {customer}")?;
        }
        Ok(())
    }
}
