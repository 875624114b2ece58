//! The parts of a trip.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One part of a trip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// There and back.
    Flight,
    /// A room.
    Hotel,
    /// A rented one.
    Car,
}

impl Kind {
    pub(crate) const ALL: [Kind; 3] = [Kind::Flight, Kind::Hotel, Kind::Car];
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Flight => "flight",
            Kind::Hotel => "hotel",
            Kind::Car => "car",
        })
    }
}
