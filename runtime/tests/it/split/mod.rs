//! Splits, their branches and their joins.

mod cancel;
mod deadline;
mod each;
mod entries;
mod fair;
mod gates;
mod model;
mod numbers;
mod of_input;
mod policy;
mod run;
mod spawn;
mod table;
mod undo;
mod whole;
