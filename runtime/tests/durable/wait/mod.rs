//! Runs that wait for signals and timers, stored; some of them beside the same run in memory.

mod answers;
mod basket;
mod bounded;
mod busy;
mod claim;
mod clocks;
mod crashes;
mod durable;
mod groups;
mod growth;
mod index;
mod interrupts;
mod late;
mod late_machine;
mod late_rollback;
mod loan;
mod mixed;
mod model;
mod parcel;
mod power;
mod races;
mod sending;
mod staying;
mod staying_stored;
mod watching;
