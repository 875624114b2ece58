//! The store in one file.

mod bounded;
mod broken;
mod clock;
mod effects;
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
