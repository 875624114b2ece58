//! Branches that can be undone.

use std::future::Future;
use std::task::Poll;

use stateway_core::{Transition, Workflow as _};

use crate::error::BranchError;
use crate::handler::{Branch, Undo};
use crate::policy::Copied;
use crate::run::{Effect, EffectValue, UndoOf};
use crate::support::panic::catch_panic;
use crate::wait::AnyPayload;

/// Returns the output of `call`, and keeps a copy of it for the undo. In a stored run it is stored anyway.
///
/// # Errors
/// The error of the branch. If its output panics when it is copied, the branch has failed, and it is undone with the output
/// itself.
pub async fn undoable<T, S, O, E>(
    branch: &Branch<T>,
    source: &S,
    copy: fn(&O) -> O,
    call: impl Future<Output = Result<O, BranchError<E>>>,
) -> Result<O, BranchError<E>>
where
    T: Transition,
    S: Copied + Send + Sync + 'static,
    O: Send + 'static,
{
    let run = branch.run();
    if run.recorder().is_some() {
        return call.await;
    }
    // Copied before the call: a state that panics when it is copied is not to hide that the branch was done.
    let source = run.effect_source(|| source.copied());
    let output = call.await?;
    let (kept, output) = match catch_panic(|| Poll::Ready(Ok(copy(&output)))) {
        Poll::Ready(Err(cause)) => {
            let failed = BranchError::new(branch.entry(), branch.attempt(), cause);
            (output, Err(failed))
        }
        Poll::Ready(Ok(copy)) => (copy, Ok(output)),
        Poll::Pending => unreachable!("it is ready"),
    };
    run.has_done(Effect {
        transition: T::POSITION,
        visit: branch.visit(),
        state: T::Workflow::GRAPH.transitions[T::POSITION].sources[0],
        undo: UndoOf::Branch(branch.declared()),
        value: EffectValue {
            item: branch.entry().item,
            source,
            value: AnyPayload::new(kept),
        },
    });
    output
}

/// Returns the item, or the entry, of a branch that is undone.
///
/// # Panics
/// If there are fewer items than when it was done: the state is the same one.
pub fn item_of<T: Transition, I: Iterator>(mut items: I, undo: &Undo<T>) -> I::Item {
    let item = undo.run().undone_item().and_then(|item| items.nth(item));
    item.expect("an item that had a branch is there")
}
