//! The records that a stored run makes within a visit.

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

/// Checks that a payload is decoded again.
#[cfg(feature = "durable")]
pub(crate) type Decode<'a> = &'a dyn Fn(&[u8], &dyn Codec) -> Result<(), CodecError>;

/// A future that is ready when the record is stored. If it cannot be stored, it is never ready: the runner stops the run instead,
/// so that nothing happens that is not recorded.
pub(crate) type Recorded<'a, T = ()> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Keeps the records that a stored run needs after a restart. There is one recorder for each run.
///
/// A part is a visit itself, or one of its branches. Its name belongs to that visit alone.
pub(crate) trait Recorder: Send + Sync {
    /// Returns the attempts that this part had made when the run was taken up, and the delay until the next. It is asked
    /// once for each part: later visits have begun in this process.
    fn begun(&self, part: &PartName) -> Option<Begun>;

    /// Keeps the cause of a failed attempt that is not the end of the visit, a [`Cause`](crate::Cause) of the workflow's error, until
    /// the next record.
    fn failed(&self, part: &PartName, number: u32, cause: &dyn Any);

    /// Records attempts that have failed. If the next is not due for long, and `may_release`, the run is released
    /// until then, and this is never ready.
    fn attempted<'a>(&'a self, part: &'a PartName, begun: Begun, may_release: bool)
    -> Recorded<'a>;

    /// Records the calls of the handler of this part, including the one that begins, which is then known even if the process dies.
    fn begins<'a>(&'a self, part: &'a PartName, begun: Begun) -> Recorded<'a>;

    /// Returns true if the handler of this part was called before the run was taken up, or before it was paused, and the result of the
    /// call is not known.
    fn was_called(&self, part: &PartName) -> bool;

    /// Records that the next attempt begins, if the store was told that the run only waits for it.
    fn goes_on<'a>(&'a self, part: &'a PartName, begun: Begun) -> Option<Recorded<'a>>;

    /// Waits until the runner shuts down, or not at all if the delay is long and `may_release`, and releases the run, so that another
    /// runner makes its next attempt when `delay` has passed. It is never ready.
    fn given_back(&self, delay: Duration, may_release: bool) -> Recorded<'_>;

    /// Waits until a request comes to make the attempt at once that the run waits for.
    fn retried_now(&self) -> Recorded<'_>;

    /// Returns true if a change of the run is on its way to the store, or if the run is lost: that is waited for, whatever stops
    /// the run.
    fn is_recording(&self) -> bool;

    /// Returns the time that this visit took before the run was taken up: since its state was entered, or, for a transition that
    /// an event takes, since the first attempt that is known.
    fn age(&self, visit: u64, event: Option<&str>) -> Duration;

    /// Returns the output of a branch that had ended when the run was taken up.
    #[cfg(feature = "durable")]
    fn output(&self, part: &PartName) -> Option<Vec<u8>>;

    /// Records the output of a branch, and the handler that undoes it, if it has one: the undo is known from this call on, even if
    /// nobody awaits the future.
    #[cfg(feature = "durable")]
    fn ended(&self, part: PartName, output: Vec<u8>, undo: Option<&'static str>) -> Recorded<'_>;

    /// Returns the bytes of a payload as they may be stored, or the reason why it cannot be stored.
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

    /// Returns the codec of payloads.
    #[cfg(feature = "durable")]
    fn codec(&self) -> &dyn Codec;
}

/// The progress of a part.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Begun {
    /// The number of attempts that were made.
    pub(crate) made: u32,
    /// The number of attempts that called the handler.
    pub(crate) called: u32,
    /// The delay until the next.
    pub(crate) delay: Duration,
}
