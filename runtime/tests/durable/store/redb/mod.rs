//! The store in one file.

mod broken;
mod clock;
mod file;
mod laws;
mod logs;
mod model;
mod open;
mod openers;
mod paused;
mod power;
mod purge;
mod threads;
