//! What a run tells of itself while it is under way, where it is stored.

use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

#[cfg(feature = "durable")]
use crate::payload::codec::{Codec, CodecError};
use crate::run::PartName;

/// Encodes a payload.
#[cfg(feature = "durable")]
pub(crate) type Encode<'a> = &'a dyn Fn(&dyn Codec) -> Result<Vec<u8>, CodecError>;

/// Tries whether it is decoded again.
#[cfg(feature = "durable")]
pub(crate) type Decode<'a> = &'a dyn Fn(&[u8], &dyn Codec) -> Result<(), CodecError>;

/// Done when it is recorded. What cannot be recorded never is: whoever drives the run stops it instead,
/// so that nothing goes on that nobody will know of.
pub(crate) type Recorded<'a, T = ()> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where a stored run keeps what it has to know again after a restart: one for each run.
///
/// A part is a visit as a whole, or one of its branches. Its name is of that visit alone.
pub(crate) trait Recorder: Send + Sync {
    /// The attempts that this part had made when the run was taken up, and when the next is due. Asked
    /// once: what comes later has begun here.
    fn begun(&self, part: &PartName) -> Option<Begun>;

    /// Keeps what an attempt failed with that is not the end of the visit, a [`Cause`](crate::Cause) of the workflow's error, until
    /// something is recorded.
    fn failed(&self, part: &PartName, number: u32, cause: &dyn Any);

    /// Records attempts that have failed. If the next is not due for long, and `may_release`, the run is given
    /// back until then, and this is never ready.
    fn attempted<'a>(&'a self, part: &'a PartName, begun: Begun, may_release: bool)
    -> Recorded<'a>;

    /// Records that the handler of this part is called, the call that begins included, which is then known also if the process dies.
    fn begins<'a>(&'a self, part: &'a PartName, begun: Begun) -> Recorded<'a>;

    /// True if the handler of this part was called before the run was taken up, or before it was paused, and nobody knows how that ended.
    fn was_called(&self, part: &PartName) -> bool;

    /// Records that the next attempt begins, where the store was told that the run only waits for it.
    fn goes_on<'a>(&'a self, part: &'a PartName, begun: Begun) -> Option<Recorded<'a>>;

    /// Waits until the runner shuts down, unless the delay is long and `may_release`, and gives the run back, so that its next
    /// attempt is made by another when `delay` has passed. It is never ready.
    fn given_back(&self, delay: Duration, may_release: bool) -> Recorded<'_>;

    /// Waits until the attempt is to be made at once that the run waits for.
    fn retried_now(&self) -> Recorded<'_>;

    /// Whether a change of the run is on its way to the store, or the run is lost: that is waited for, whatever stops
    /// the run.
    fn is_recording(&self) -> bool;

    /// The time that this visit was under way before the run was taken up: since its state was entered, or, of the transition that
    /// an event takes, since the first attempt that is known of.
    fn age(&self, visit: u64, event: Option<&str>) -> Duration;

    /// The output of a branch that had ended when the run was taken up.
    #[cfg(feature = "durable")]
    fn output(&self, part: &PartName) -> Option<Vec<u8>>;

    /// Records the output of a branch, and the handler that undoes it, if it has one: that is known from here on, whether or not it
    /// is waited for.
    #[cfg(feature = "durable")]
    fn ended(&self, part: PartName, output: Vec<u8>, undo: Option<&'static str>) -> Recorded<'_>;

    /// The bytes of a payload as they may be stored, or why it cannot be.
    #[cfg(feature = "durable")]
    fn encoded(
        &self,
        what: &str,
        encode: Encode<'_>,
        decode: Decode<'_>,
    ) -> Result<Vec<u8>, String>;

    /// Parks the run. It is never ready.
    #[cfg(feature = "durable")]
    fn park(&self, reason: String) -> Recorded<'_, std::convert::Infallible>;

    /// How payloads are encoded.
    #[cfg(feature = "durable")]
    fn codec(&self) -> &dyn Codec;
}

/// How far a part had come.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Begun {
    /// The attempts that were made.
    pub(crate) made: u32,
    /// How many of them called the handler.
    pub(crate) called: u32,
    /// How long it is until the next.
    pub(crate) delay: Duration,
}
