//! The parts of the library that are for tests.

mod fuzz;
