//! Branches whose outputs outlive the process.

use std::future::Future;

use stateway_core::Transition;

use super::info;
use crate::error::BranchError;
use crate::handler::{Branch, VisitPart as _};
use crate::payload::codec::{Codec, CodecError, guarded};

/// Returns the output of a branch that had ended before its process did, or else that of `call`, which is
/// stored before this is ready.
///
/// # Errors
/// The error of the branch. A failure is not stored: the branch is called again.
pub async fn remembered<T, O, E: 'static>(
    branch: &Branch<T>,
    decode: fn(&[u8], &dyn Codec) -> Result<O, CodecError>,
    encode: fn(&O, &dyn Codec) -> Result<Vec<u8>, CodecError>,
    call: impl Future<Output = Result<O, BranchError<E>>>,
) -> Result<O, BranchError<E>>
where
    T: Transition,
{
    let Some(recorder) = branch.run().recorder() else {
        return call.await;
    };
    let (part, name) = (branch.part(), branch.name());
    let undo = info::<T>().branches[branch.declared()].policy.undo.first();
    let undo = undo.map(|undo| undo.handler);
    if let Some(output) = recorder.output(&part) {
        match guarded(|| decode(&output, recorder.codec())) {
            Ok(output) => return Ok(output),
            Err(error) => {
                let reason =
                    format!("the stored output of branch `{name}` does not decode: {error}");
                match recorder.park(reason).await {}
            }
        }
    }
    let ended = call.await;
    if let Err(error) = &ended {
        recorder.failed(&part, error.attempts(), error.cause());
    }
    if let Ok(output) = &ended {
        let encoded = recorder.encoded(
            &format!("the output of branch `{name}`"),
            &|codec| encode(output, codec),
            &|bytes, codec| decode(bytes, codec).map(drop),
        );
        match encoded {
            Ok(output) => recorder.ended(part, output, undo).await,
            Err(reason) => match recorder.park(reason).await {},
        }
    }
    ended
}
