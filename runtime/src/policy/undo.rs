//! The undos of a workflow as turns of its rollback.

use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use stateway_core::{State, Transition};

use super::attempts::{VisitPlan, attempts};
use super::catch::Nothing;
use super::gate::NoGate;
use super::rules::{OfBranchUndo, OfUndo, Rules};
use super::source::{Copied, ForAll, Hold, Source as _};
use super::terms::Fields as _;
use super::visit::VisitPolicy;
use crate::driver::{Judge, TakenFrom, Turn, UndoFailure, found};
use crate::error::{Cause, ErasedValue};
use crate::handler::Undo;
use crate::run::{CurrentRun, UndoOf};

/// The undo at `POSITION` of a transition, for the state that it led to: the handler, and the way to hold that state.
#[derive(Clone, Copy)]
pub struct UndoTurn<const POSITION: usize, F, H>(pub F, pub H);

impl<'run, const POSITION: usize, W, C, F, H, S, T, Fut> Turn<'run, W, C, (S, T, Fut)>
    for UndoTurn<POSITION, F, H>
where
    W: Judge<C, State: Send, Input: Send + Sync>,
    C: Sync + 'run,
    S: State<Workflow = W> + Copied + Send,
    T: Transition<Workflow = W>,
    F: Fn(&'run C, S, &'run Undo<T>) -> Fut + Copy + Send + Sync + 'run,
    Fut: Future<Output = Result<(), W::Error>> + Send + 'run,
    H: Hold<S, W::Input, Source: Send> + Copy + Send,
{
    type Output = Result<(), UndoFailure<W::Error>>;

    fn is_for(undo: usize, transition: usize) -> bool {
        transition == T::POSITION && undo == const { UndoOf::Target(POSITION).number() }
    }

    async fn take(
        self,
        place: &mut Option<W::State>,
        context: &'run C,
        run: &'run CurrentRun<W>,
    ) -> Self::Output {
        let (state, UndoTurn(handler, holds)): (S, _) = (found(place), self);
        let copy = state.copied();
        let undone =
            undone::<T, OfUndo<T, POSITION>, _, _, _, _, _, _>(context, run, copy, holds, handler);
        let undone = undone.await;
        undone.map_err(|cause| (cause, ErasedValue::new(state)))
    }
}

/// The undo of the branch that is declared at `POSITION` in the split `T`.
pub struct UndoOfBranch<T, const POSITION: usize, V, F> {
    copy: fn(&V) -> V,
    handler: F,
    transition: PhantomData<fn() -> T>,
}

/// Returns it, from the function that copies the output and the handler.
pub const fn undo_of_branch<T, const POSITION: usize, V, F>(
    copy: fn(&V) -> V,
    handler: F,
) -> UndoOfBranch<T, POSITION, V, F> {
    UndoOfBranch {
        copy,
        handler,
        transition: PhantomData,
    }
}

impl<T, const POSITION: usize, V, F: Copy> Clone for UndoOfBranch<T, POSITION, V, F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, const POSITION: usize, V, F: Copy> Copy for UndoOfBranch<T, POSITION, V, F> {}

impl<'run, const POSITION: usize, W, C, F, S, V, T, Fut> Turn<'run, W, C, (S, Fut)>
    for UndoOfBranch<T, POSITION, V, F>
where
    W: Judge<C, State: Send, Input: Send + Sync>,
    C: Sync + 'run,
    S: Send + Sync + 'static,
    V: Send + 'static,
    T: Transition<Workflow = W>,
    F: Fn(&'run C, Arc<S>, V, &'run Undo<T>) -> Fut + Copy + Send + Sync + 'run,
    Fut: Future<Output = Result<(), W::Error>> + Send + 'run,
{
    type Output = Result<(), UndoFailure<W::Error>>;

    fn is_for(undo: usize, transition: usize) -> bool {
        transition == T::POSITION && undo == const { UndoOf::Branch(POSITION).number() }
    }

    async fn take(
        self,
        _: &mut Option<W::State>,
        context: &'run C,
        run: &'run CurrentRun<W>,
    ) -> Self::Output {
        let (source, output) = run.undone_value::<S, V>();
        let (copy, handler) = (self.copy, self.handler);
        let kept = Output { output, copy };
        let undone = undone::<T, OfBranchUndo<T, POSITION>, _, _, _, _, _, _>(
            context,
            run,
            kept.copied(),
            ForAll,
            |context, kept: Output<V>, undo| {
                handler(context, Arc::clone(&source), kept.output, undo)
            },
        );
        let undone = undone.await;
        undone.map_err(|cause| (cause, ErasedValue::new(kept.output)))
    }
}

/// The output of a branch, with the function that copies it.
struct Output<V> {
    output: V,
    copy: fn(&V) -> V,
}

impl<V> Copied for Output<V> {
    fn copied(&self) -> Self {
        Output {
            output: (self.copy)(&self.output),
            copy: self.copy,
        }
    }
}

/// The undo at `POSITION` of the step `T`, whose last call is in doubt.
pub struct UndoInDoubt<T, const POSITION: usize, F>(F, PhantomData<fn() -> T>);

/// Returns it, from the handler.
pub const fn undo_in_doubt<T, const POSITION: usize, F>(handler: F) -> UndoInDoubt<T, POSITION, F> {
    UndoInDoubt(handler, PhantomData)
}

impl<T, const POSITION: usize, F: Copy> Clone for UndoInDoubt<T, POSITION, F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, const POSITION: usize, F: Copy> Copy for UndoInDoubt<T, POSITION, F> {}

impl<'run, const POSITION: usize, W, C, F, S, T, Fut> Turn<'run, W, C, (S, Fut)>
    for UndoInDoubt<T, POSITION, F>
where
    W: Judge<C, State: Send, Input: Send + Sync>,
    C: Sync + 'run,
    S: TakenFrom<W> + Copied + Send,
    T: Transition<Workflow = W>,
    F: Fn(&'run C, S, &'run Undo<T>) -> Fut + Copy + Send + Sync + 'run,
    Fut: Future<Output = Result<(), W::Error>> + Send + 'run,
{
    type Output = Result<(), UndoFailure<W::Error>>;

    fn is_for(undo: usize, transition: usize) -> bool {
        transition == T::POSITION && undo == const { UndoOf::InDoubt(POSITION).number() }
    }

    async fn take(
        self,
        _: &mut Option<W::State>,
        context: &'run C,
        run: &'run CurrentRun<W>,
    ) -> Self::Output {
        let (_, state) = run.undone_value::<(), S>();
        let undone = undone::<T, OfUndo<T, POSITION>, _, _, _, _, _, _>(
            context,
            run,
            state.copied(),
            ForAll,
            self.0,
        );
        let undone = undone.await;
        undone.map_err(|cause| (cause, ErasedValue::new(state)))
    }
}

/// Calls the handler that undoes a visit to the transition `T`, or a part of it, under the rules of that undo.
///
/// # Errors
/// The cause of the last attempt.
async fn undone<'run, T, R, W, C, S, H, F, Fut>(
    context: &'run C,
    run: &'run CurrentRun<W>,
    state: S,
    holds: H,
    handler: F,
) -> Result<(), Cause<W::Error>>
where
    W: Judge<C>,
    T: Transition<Workflow = W>,
    R: Rules,
    S: Copied,
    H: Hold<S, W::Input>,
    F: Fn(&'run C, S, &'run Undo<T>) -> Fut,
    Fut: Future<Output = Result<(), W::Error>>,
{
    let source = holds.hold(state, &run.input);
    let terms = source.fields().terms::<R>();
    let visit = VisitPlan {
        context,
        seen: run.undo::<T>(),
        source,
        handler,
        catch: Nothing::new(),
        policy: VisitPolicy::<W, R, NoGate, _>::new(run, run.counter(), NoGate, terms),
    };
    attempts(visit, None).await
}
