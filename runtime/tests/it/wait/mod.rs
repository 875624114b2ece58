//! Runs that wait for signals and timers.

#[cfg(all(feature = "redb", feature = "testing"))]
mod answers;
#[cfg(all(feature = "redb", feature = "testing"))]
mod basket;
#[cfg(all(feature = "redb", feature = "testing"))]
mod busy;
#[cfg(all(feature = "redb", feature = "testing"))]
mod claim;
#[cfg(all(feature = "redb", feature = "testing"))]
mod clocks;
#[cfg(all(feature = "redb", feature = "testing"))]
mod crashes;
#[cfg(all(feature = "redb", feature = "testing"))]
mod durable;
#[cfg(all(feature = "redb", feature = "testing"))]
mod growth;
#[cfg(all(feature = "redb", feature = "testing"))]
mod index;
#[cfg(all(feature = "redb", feature = "testing"))]
mod interrupts;
#[cfg(all(feature = "redb", feature = "testing"))]
mod late;
#[cfg(all(feature = "redb", feature = "testing"))]
mod loan;
mod memory;
#[cfg(all(feature = "redb", feature = "testing"))]
mod model;
mod panics;
#[cfg(all(feature = "redb", feature = "testing"))]
mod parcel;
#[cfg(all(feature = "redb", feature = "testing"))]
mod power;
#[cfg(all(feature = "redb", feature = "testing"))]
mod races;
#[cfg(all(feature = "redb", feature = "testing"))]
mod sending;
#[cfg(all(feature = "redb", feature = "testing"))]
mod staying;
#[cfg(all(feature = "redb", feature = "testing"))]
mod staying_stored;
#[cfg(all(feature = "redb", feature = "testing"))]
mod watching;
