//! The turns of several states as one future.
//!
//! Each function here takes as many turns as its name says, and picks the turn for the state by a chain
//! of comparisons with constants, which the compiler turns into a jump. It is written here and not in generated code
//! because the compiler then checks it once, and checks for a workflow only that its handlers fit.

use std::future::Future;
use std::marker::PhantomData;

use stateway_core::{State, Transition, nothing_is_left};

use super::drive::{Failed, Judge, UndoFailure};
use super::turn::{Once, Turn};
use crate::handler::Step;
use crate::run::CurrentRun;

/// Some of a workflow's turns, or of its undos: one of the groups that a function over all of them picks from.
pub trait Group<W: Judge<C>, C> {
    /// The result of a turn.
    type Output;

    /// Returns true if one of them is for this state, or for this state and transition.
    fn is_for(state: usize, transition: usize) -> bool;

    /// Takes the turn for the state.
    fn take<'run>(
        place: &mut Option<W::State>,
        context: &'run C,
        run: &'run CurrentRun<W>,
    ) -> impl Future<Output = Self::Output> + Send;
}

/// A group of turns as one turn.
pub struct Grouped<G>(PhantomData<fn() -> G>);

/// Returns the group `G` as one turn.
#[must_use]
pub const fn grouped<G>() -> Grouped<G> {
    Grouped(PhantomData)
}

impl<G> Clone for Grouped<G> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<G> Copy for Grouped<G> {}

impl<'run, W, C, G> Turn<'run, W, C, ()> for Grouped<G>
where
    W: Judge<C>,
    C: 'run,
    G: Group<W, C>,
{
    type Output = G::Output;

    #[inline]
    fn is_for(state: usize, transition: usize) -> bool {
        G::is_for(state, transition)
    }

    #[inline]
    fn take(
        self,
        place: &mut Option<W::State>,
        context: &'run C,
        run: &'run CurrentRun<W>,
    ) -> impl Future<Output = Self::Output> + Send {
        G::take(place, context, run)
    }
}

/// Waits for a future. Without optimisation all futures of a function that are moved to be awaited are in its frame at once, so
/// there they are pinned where they are made, which takes longer with optimisation.
#[cfg(debug_assertions)]
macro_rules! waited {
    ($future:expr) => {
        std::pin::pin!($future).await
    };
}

#[cfg(not(debug_assertions))]
macro_rules! waited {
    ($future:expr) => {
        $future.await
    };
}

macro_rules! functions {
    ($($steps:ident $turns:ident $undos:ident $events:ident {
        $($turn:ident: $Turn:ident $Types:ident $S:ident $T:ident $Fut:ident),*
    })*) => {$(
        /// Like the function for turns, for handlers that are each called once: to check this call takes the compiler half the time.
        ///
        /// # Errors
        /// The failure of the handler.
        #[expect(clippy::allow_attributes, reason = "only the larger ones have many")]
        #[allow(clippy::too_many_arguments, reason = "nobody writes it")]
        #[inline]
        pub fn $steps<'a, 'run, W, C, $($Turn, $S, $T, $Fut),*>(
            place: &'a mut Option<W::State>,
            context: &'run C,
            run: &'run CurrentRun<W>,
            $($turn: $Turn,)*
        ) -> impl Future<Output = Result<(), Failed<W::Error>>> + Send
        where
            W: Judge<C, State: Send, Input: Send + Sync>,
            C: Sync + 'run,
            $(
                $S: State<Workflow = W>,
                $T: Transition<Workflow = W>,
                $Turn: Fn(&'run C, $S, &'run Step<$T>) -> $Fut + Copy + Send,
                $Fut: Future<Output = Result<$T, W::Error>> + Send,
            )*
        {
            $turns(place, context, run, $(Once($turn)),*)
        }

        /// Takes turn after turn, until the state is none of these, one fails, or the driver has something to do
        /// between two.
        ///
        /// # Errors
        /// The failure of the handler.
        #[expect(clippy::allow_attributes, reason = "only the larger ones have many")]
        #[allow(clippy::too_many_arguments, reason = "nobody writes it")]
        #[inline]
        pub fn $turns<'a, 'run, W, C, $($Turn, $Types),*>(
            place: &'a mut Option<W::State>,
            context: &'run C,
            run: &'run CurrentRun<W>,
            $($turn: $Turn,)*
        ) -> impl Future<Output = Result<(), Failed<W::Error>>> + Send
        where
            W: Judge<C, State: Send, Input: Send + Sync>,
            C: Sync + 'run,
            $($Turn: Turn<'run, W, C, $Types, Output = Result<(), Failed<W::Error>>>,)*
        {
            async move {
                loop {
                    let Some(state) = &*place else { return Ok(()) };
                    let state = W::position(state);
                    let taken = $(
                        if $Turn::is_for(state, 0) {
                            waited!($turn.take(place, context, run))
                        } else
                    )* {
                        return Ok(());
                    };
                    if taken.is_err() || run.pauses() {
                        return taken;
                    }
                }
            }
        }

        /// Undoes the entry that the run has gone back to: a transition that led to the state in `place`, or a part of one.
        ///
        /// # Errors
        /// The cause for which it was not undone, and the state.
        #[expect(clippy::allow_attributes, reason = "only the larger ones have many")]
        #[allow(clippy::too_many_arguments, reason = "nobody writes it")]
        pub fn $undos<'a, 'run, W, C, $($Turn, $Types),*>(
            place: &'a mut Option<W::State>,
            context: &'run C,
            run: &'run CurrentRun<W>,
            $($turn: $Turn,)*
        ) -> impl Future<Output = Result<(), UndoFailure<W::Error>>> + Send
        where
            W: Judge<C, State: Send, Input: Send + Sync>,
            C: Sync + 'run,
            $($Turn: Turn<'run, W, C, $Types, Output = Result<(), UndoFailure<W::Error>>>,)*
        {
            async move {
                let (undo, transition) = (run.undo_of().number(), run.transition());
                $(
                    if $Turn::is_for(undo, transition) {
                        waited!($turn.take(place, context, run))
                    } else
                )* {
                    nothing_is_left(())
                }
            }
        }

        /// Takes the transition that the run was told to take, out of a state that waits.
        ///
        /// # Errors
        /// The failure of the handler.
        #[expect(clippy::allow_attributes, reason = "only the larger ones have many")]
        #[allow(clippy::too_many_arguments, reason = "nobody writes it")]
        pub fn $events<'a, 'run, W, C, $($Turn, $Types),*>(
            place: &'a mut Option<W::State>,
            context: &'run C,
            run: &'run CurrentRun<W>,
            $($turn: $Turn,)*
        ) -> impl Future<Output = Result<(), Failed<W::Error>>> + Send
        where
            W: Judge<C, State: Send, Input: Send + Sync>,
            C: Sync + 'run,
            $($Turn: Turn<'run, W, C, $Types, Output = Result<(), Failed<W::Error>>>,)*
        {
            async move {
                let (state, transition) = (place.as_ref().map_or(0, W::position), run.transition());
                $(
                    if $Turn::is_for(state, transition) {
                        waited!($turn.take(place, context, run))
                    } else
                )* {
                    nothing_is_left(())
                }
            }
        }
    )*};
}

functions! {
    steps1 turns1 undos1 events1 {
        t0: T0 A0 S0 O0 F0
    }
    steps2 turns2 undos2 events2 {
        t0: T0 A0 S0 O0 F0,
        t1: T1 A1 S1 O1 F1
    }
    steps3 turns3 undos3 events3 {
        t0: T0 A0 S0 O0 F0,
        t1: T1 A1 S1 O1 F1,
        t2: T2 A2 S2 O2 F2
    }
    steps4 turns4 undos4 events4 {
        t0: T0 A0 S0 O0 F0,
        t1: T1 A1 S1 O1 F1,
        t2: T2 A2 S2 O2 F2,
        t3: T3 A3 S3 O3 F3
    }
    steps5 turns5 undos5 events5 {
        t0: T0 A0 S0 O0 F0,
        t1: T1 A1 S1 O1 F1,
        t2: T2 A2 S2 O2 F2,
        t3: T3 A3 S3 O3 F3,
        t4: T4 A4 S4 O4 F4
    }
    steps6 turns6 undos6 events6 {
        t0: T0 A0 S0 O0 F0,
        t1: T1 A1 S1 O1 F1,
        t2: T2 A2 S2 O2 F2,
        t3: T3 A3 S3 O3 F3,
        t4: T4 A4 S4 O4 F4,
        t5: T5 A5 S5 O5 F5
    }
    steps7 turns7 undos7 events7 {
        t0: T0 A0 S0 O0 F0,
        t1: T1 A1 S1 O1 F1,
        t2: T2 A2 S2 O2 F2,
        t3: T3 A3 S3 O3 F3,
        t4: T4 A4 S4 O4 F4,
        t5: T5 A5 S5 O5 F5,
        t6: T6 A6 S6 O6 F6
    }
    steps8 turns8 undos8 events8 {
        t0: T0 A0 S0 O0 F0,
        t1: T1 A1 S1 O1 F1,
        t2: T2 A2 S2 O2 F2,
        t3: T3 A3 S3 O3 F3,
        t4: T4 A4 S4 O4 F4,
        t5: T5 A5 S5 O5 F5,
        t6: T6 A6 S6 O6 F6,
        t7: T7 A7 S7 O7 F7
    }
}
