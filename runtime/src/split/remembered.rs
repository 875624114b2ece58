//! Branches whose outputs outlive the process.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};

use stateway_core::Transition;

use crate::codec::{Codec, CodecError};
use crate::error::BranchError;
use crate::handler::{Branch, Part as _};
use crate::panic::message;

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
    let Some(recorder) = branch.run().recorder() else {
        return call.await;
    };
    let (part, name) = (branch.part(), branch.name());
    if let Some(output) = recorder.output(&part) {
        match decode(&output, recorder.codec()) {
            Ok(output) => return Ok(output),
            Err(error) => {
                let reason =
                    format!("the stored output of branch `{name}` does not decode: {error}");
                match recorder.park(reason).await {}
            }
        }
    }
    let ended = call.await;
    let output = match &ended {
        Ok(output) => {
            let encoded = catch_unwind(AssertUnwindSafe(|| encode(output, recorder.codec())));
            let panicked = |panic| Err(CodecError::new(String::from(message(panic))));
            Some(encoded.unwrap_or_else(panicked))
        }
        Err(_) => None,
    };
    match output {
        Some(Ok(output)) => recorder.ended(part, output).await,
        Some(Err(error)) => {
            let reason = format!("the output of branch `{name}` cannot be encoded: {error}");
            match recorder.park(reason).await {}
        }
        None => {}
    }
    ended
}
