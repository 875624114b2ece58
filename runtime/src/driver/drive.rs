//! The interface of generated code to the driver.

use std::error::Error;
use std::future::{Future, Pending, pending};
use std::marker::PhantomData;

use stateway_core::Workflow;

use crate::error::{Cause, ErasedValue};
use crate::policy::Verdict;
use crate::run::CurrentRun;
use crate::wait::Timing;

/// A workflow whose handlers are implemented by `C`, as a policy sees it. Generated code implements it.
///
/// It is apart from [`Drive`], which assumes that each state can move between threads: to prove that
/// for the handlers one by one would take the compiler time that grows with the square of their number.
pub trait Judge<C>: Workflow {
    /// The error of the handlers.
    type Error: Send + 'static;

    /// Says if another attempt may succeed after this error.
    fn judge(context: &C, error: &Self::Error) -> Verdict {
        let _ = (context, error);
        Verdict::Retry { after: None }
    }

    /// Returns the source of an error of the handlers.
    #[must_use]
    fn source_of(error: &Self::Error) -> Option<&(dyn Error + 'static)> {
        let _ = error;
        None
    }
}

/// A workflow whose handlers are implemented by `C`. Generated code implements it.
pub trait Drive<C>: Judge<C> {
    /// Takes the transition that leaves the state in `place`, and puts the next state there; then the
    /// next transition, until the driver has something to do between two.
    fn turns<'run>(
        place: &'run mut Option<Self::State>,
        context: &'run C,
        run: &'run CurrentRun<Self>,
    ) -> impl Future<Output = Result<(), Failed<Self::Error>>> + Send + use<'run, Self, C>;

    /// Takes the transition that the run was told to take, out of the state in `place`, which waits.
    fn events<'run>(
        place: &'run mut Option<Self::State>,
        context: &'run C,
        run: &'run CurrentRun<Self>,
    ) -> impl Future<Output = Result<(), Failed<Self::Error>>> + Send + use<'run, Self, C> {
        let _ = (place, context, run);
        pending()
    }

    /// Returns the time at which the timer of `transition` fires, if a field of the state says so.
    #[must_use]
    fn timing(transition: usize, state: &Self::State) -> Option<Timing> {
        let _ = (transition, state);
        None
    }

    /// Like [`timing`](Drive::timing), if the input or a pause may say so: generated code then implements this one.
    #[must_use]
    fn timing_by(transition: usize, state: &Self::State, input: &Self::Input) -> Option<Timing> {
        let _ = input;
        Self::timing(transition, state)
    }

    /// True if the state that the deadline of the workflow leads to is made from the machine.
    const LATE_TAKES_MACHINE: bool = false;

    /// Returns the state that the deadline of the workflow leads to, out of the state in `place`.
    #[must_use]
    fn late(place: Option<Self::State>, input: &Self::Input) -> Option<Self::State> {
        let _ = (place, input);
        None
    }

    /// Returns a copy of a state that its handler may not give back: a signal may interrupt the handler, or the deadline leads to a
    /// state that is made from the machine.
    #[must_use]
    fn copied(state: &Self::State) -> Option<Self::State> {
        let _ = state;
        None
    }

    /// Returns a copy of the state that `transition` led to, and the position of the undo that needs it.
    #[must_use]
    fn undoable(transition: usize, state: &Self::State) -> Option<(usize, Self::State)> {
        let _ = (transition, state);
        None
    }

    /// Undoes the transition that the run has gone back to, which led to the state in `place`, or a part of it.
    fn undo<'run>(
        place: &'run mut Option<Self::State>,
        context: &'run C,
        run: &'run CurrentRun<Self>,
    ) -> impl Future<Output = Result<(), UndoFailure<Self::Error>>> + Send + use<'run, Self, C>
    {
        let _ = (place, context, run);
        pending()
    }

    /// Returns the end of a run that could not be undone, for its error; only a run with an `undo` has one.
    #[must_use]
    fn left(end: Self::End) -> Option<ErasedValue> {
        let _ = end;
        None
    }
}

/// Takes the turns of [`Drive`], if all data of a turn can move between threads.
///
/// It is a trait of its own so that data which cannot move is one error, at the field: its bounds are assumed in its
/// implementation, and nothing asks for them. If they do not hold, [`NotSent`] takes the turns.
pub trait SendTurns<C>: Judge<C> {
    /// [`Drive::turns`].
    fn turns<'run>(
        place: &'run mut Option<Self::State>,
        context: &'run C,
        run: &'run CurrentRun<Self>,
    ) -> impl Future<Output = Result<(), Failed<Self::Error>>> + Send + use<'run, Self, C>;

    /// [`Drive::events`].
    fn events<'run>(
        place: &'run mut Option<Self::State>,
        context: &'run C,
        run: &'run CurrentRun<Self>,
    ) -> impl Future<Output = Result<(), Failed<Self::Error>>> + Send + use<'run, Self, C> {
        let _ = (place, context, run);
        pending()
    }

    /// [`Drive::undo`].
    fn undo<'run>(
        place: &'run mut Option<Self::State>,
        context: &'run C,
        run: &'run CurrentRun<Self>,
    ) -> impl Future<Output = Result<(), UndoFailure<Self::Error>>> + Send + use<'run, Self, C>
    {
        let _ = (place, context, run);
        pending()
    }
}

/// The turns of a workflow: those of [`SendTurns`], if it implements that.
pub struct Turns<W, C>(PhantomData<fn() -> (W, C)>);

impl<W, C> Turns<W, C> {
    /// Returns the turns, which have no data.
    #[expect(
        clippy::new_without_default,
        reason = "code without a prelude knows no `Default`"
    )]
    #[must_use]
    pub const fn new() -> Self {
        Turns(PhantomData)
    }
}

impl<W: SendTurns<C>, C> Turns<W, C> {
    /// [`Drive::turns`].
    #[inline]
    pub fn take<'run>(
        self,
        place: &'run mut Option<W::State>,
        context: &'run C,
        run: &'run CurrentRun<W>,
    ) -> impl Future<Output = Result<(), Failed<W::Error>>> + Send + use<'run, W, C> {
        W::turns(place, context, run)
    }

    /// [`Drive::events`].
    pub fn events<'run>(
        self,
        place: &'run mut Option<W::State>,
        context: &'run C,
        run: &'run CurrentRun<W>,
    ) -> impl Future<Output = Result<(), Failed<W::Error>>> + Send + use<'run, W, C> {
        W::events(place, context, run)
    }

    /// [`Drive::undo`].
    pub fn undo<'run>(
        self,
        place: &'run mut Option<W::State>,
        context: &'run C,
        run: &'run CurrentRun<W>,
    ) -> impl Future<Output = Result<(), UndoFailure<W::Error>>> + Send + use<'run, W, C> {
        W::undo(place, context, run)
    }
}

/// The turns of a workflow that does not compile.
pub trait NotSent<W: Judge<C>, C> {
    /// Is never called.
    fn take<'run>(
        self,
        place: &'run mut Option<W::State>,
        context: &'run C,
        run: &'run CurrentRun<W>,
    ) -> Pending<Result<(), Failed<W::Error>>>;

    /// Is never called.
    fn events<'run>(
        self,
        place: &'run mut Option<W::State>,
        context: &'run C,
        run: &'run CurrentRun<W>,
    ) -> Pending<Result<(), Failed<W::Error>>>;

    /// Is never called.
    fn undo<'run>(
        self,
        place: &'run mut Option<W::State>,
        context: &'run C,
        run: &'run CurrentRun<W>,
    ) -> Pending<Result<(), UndoFailure<W::Error>>>;
}

impl<W: Judge<C>, C> NotSent<W, C> for Turns<W, C> {
    fn take<'run>(
        self,
        _: &'run mut Option<W::State>,
        _: &'run C,
        _: &'run CurrentRun<W>,
    ) -> Pending<Result<(), Failed<W::Error>>> {
        unreachable!("data that cannot move between threads does not compile")
    }

    fn events<'run>(
        self,
        _: &'run mut Option<W::State>,
        _: &'run C,
        _: &'run CurrentRun<W>,
    ) -> Pending<Result<(), Failed<W::Error>>> {
        unreachable!("data that cannot move between threads does not compile")
    }

    fn undo<'run>(
        self,
        _: &'run mut Option<W::State>,
        _: &'run C,
        _: &'run CurrentRun<W>,
    ) -> Pending<Result<(), UndoFailure<W::Error>>> {
        unreachable!("data that cannot move between threads does not compile")
    }
}

/// The failure of a handler's future. Boxed, since every turn moves the result about.
pub type Failed<E> = Box<Cause<E>>;

/// The cause for which a state could not be undone, and the state.
pub type UndoFailure<E> = (Cause<E>, ErasedValue);
