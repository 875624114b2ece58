//! Stored runs, and who drives them.

mod again;
mod attempts;
mod branches;
mod cancel;
mod claims;
mod crashes;
mod endless;
mod ends;
pub(crate) mod fallback;
mod gone;
mod keys;
mod many;
mod names;
mod park;
mod retry_crashes;
mod retry_refused;
mod retry_rollback;
mod shut_down;
mod siblings;
mod start;
mod stop;
mod texts;
mod too_large;
mod verify;
mod versions;
mod visits;
