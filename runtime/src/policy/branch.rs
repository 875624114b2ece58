//! The handler of a branch under a policy.

use std::future::Future;

use stateway_core::Transition;

use super::attempts::{Visit, attempts};
use super::catch::Nothing;
use super::gate::Gate;
use super::source::Lent;
use super::terms::{OfBranch, Terms};
use crate::driver::Drive;
use crate::error::Cause;
use crate::handler::Branch;

/// Calls the handler of the branch that is declared at `POSITION` under its policy.
///
/// # Errors
/// What the last attempt failed with.
pub async fn attempted<'run, T, const POSITION: usize, W, C, S, O, G, F, Fut>(
    context: &'run C,
    branch: &'run Branch<T>,
    state: S,
    handler: F,
    gate: G,
) -> Result<O, Cause<W::Error>>
where
    W: Drive<C>,
    T: Transition<Workflow = W>,
    S: Copy,
    O: Send,
    G: Gate,
    F: Fn(&'run C, S, &'run Branch<T>) -> Fut,
    Fut: Future<Output = Result<O, W::Error>>,
{
    let visit = Visit {
        context,
        seen: branch,
        source: Lent(state),
        handler,
        catch: Nothing::default(),
        terms: Terms::<W, OfBranch<T, POSITION>, G>::new(branch.run(), branch.attempts(), gate),
    };
    attempts(visit, None).await
}
