//! The view that the handler of an undo has of its run.

use std::fmt;
use std::marker::PhantomData;

use ref_cast::{RefCastCustom, ref_cast_custom};
use stateway_core::{Transition, Workflow};

use super::{Step, VisitPart};
use crate::run::{self, CurrentRun, Key, PartName, PartOf, RunId, UndoOf};

/// The visit to the transition `T` that is being undone, or a branch of it, as the handler of its `undo` sees it.
///
/// A rollback is never cancelled, so there is no token here.
///
/// ```
/// # use stateway::prelude::*;
/// # workflow! {
/// #     #[derive(Clone)]
/// #     workflow Order {
/// #         input { customer: u64 }
/// #         start Placed;
/// #         state Charged { payment: u64 };
/// #         done Shipped;
/// #         failed Lost;
/// #         step charge: Placed -> Charged with undo(refund);
/// #         step ship: Charged -> Shipped | Lost;
/// #     }
/// # }
/// # struct Shop;
/// # impl Shop {
/// #     async fn pay_back(&self, _: u64, _: u64, _: String) -> Result<(), String> { Ok(()) }
/// # }
/// # impl OrderSteps for Shop {
/// #     type Error = String;
/// #     async fn charge(&self, _: Placed, step: &Step<Charge>) -> Result<Charge, String> {
/// #         Ok(step.to(Charged { payment: 9 }))
/// #     }
/// #     async fn ship(&self, _: Charged, step: &Step<Ship>) -> Result<Ship, String> { Ok(step.to(Lost)) }
/// async fn refund(&self, charged: Charged, undo: &Undo<Charge>) -> Result<(), String> {
///     let customer = undo.input().customer;
///     self.pay_back(customer, charged.payment, undo.key().to_string()).await
/// }
/// # }
/// # let end = pollster::block_on(Order::start(OrderInput { customer: 7 }, Placed).run(&Shop));
/// # assert!(matches!(end, Ok(OrderEnd::Lost(_))));
/// ```
#[derive(RefCastCustom)]
#[repr(transparent)]
pub struct Undo<T: Transition> {
    run: CurrentRun<T::Workflow>,
    #[trivial]
    transition: PhantomData<fn() -> T>,
}

impl<T: Transition> Undo<T> {
    const NAME: &'static str = <T::Workflow as Workflow>::GRAPH.transitions[T::POSITION].name;

    /// Returns the input that the run was started with.
    ///
    /// ```
    /// # use stateway::prelude::*;
    /// # workflow! {
    /// #     #[derive(Clone)]
    /// #     workflow Order {
    /// #         input { customer: u64 }
    /// #         start Placed;
    /// #         state Charged;
    /// #         done Shipped;
    /// #         failed Lost;
    /// #         step charge: Placed -> Charged with undo(refund);
    /// #         step ship: Charged -> Shipped | Lost;
    /// #     }
    /// # }
    /// # struct Shop;
    /// # impl OrderSteps for Shop {
    /// #     type Error = String;
    /// #     async fn charge(&self, _: Placed, step: &Step<Charge>) -> Result<Charge, String> { Ok(step.to(Charged)) }
    /// #     async fn ship(&self, _: Charged, step: &Step<Ship>) -> Result<Ship, String> { Ok(step.to(Lost)) }
    /// async fn refund(&self, _: Charged, undo: &Undo<Charge>) -> Result<(), String> {
    ///     println!("paying customer {} back", undo.input().customer);
    ///     Ok(())
    /// }
    /// # }
    /// # let end = pollster::block_on(Order::start(OrderInput { customer: 7 }, Placed).run(&Shop));
    /// # assert!(matches!(end, Ok(OrderEnd::Lost(_))));
    /// ```
    #[must_use]
    pub fn input(&self) -> &<T::Workflow as Workflow>::Input {
        &self.run.input
    }

    /// Returns the idempotency key of this undo.
    ///
    /// The key is equal for every attempt, also when a rollback is retried. It is never equal for another visit, nor for the visit
    /// that is undone, whose key is [`done`](Undo::done).
    ///
    /// ```
    /// # use stateway::prelude::*;
    /// # workflow! {
    /// #     #[derive(Clone)]
    /// #     workflow Order {
    /// #         start Placed;
    /// #         state Charged { payment: u64 };
    /// #         done Shipped;
    /// #         failed Lost;
    /// #         step charge: Placed -> Charged with undo(refund);
    /// #         step ship: Charged -> Shipped | Lost;
    /// #     }
    /// # }
    /// # struct Shop;
    /// # impl OrderSteps for Shop {
    /// #     type Error = String;
    /// #     async fn charge(&self, _: Placed, step: &Step<Charge>) -> Result<Charge, String> {
    /// #         Ok(step.to(Charged { payment: 9 }))
    /// #     }
    /// #     async fn ship(&self, _: Charged, step: &Step<Ship>) -> Result<Ship, String> { Ok(step.to(Lost)) }
    /// async fn refund(&self, charged: Charged, undo: &Undo<Charge>) -> Result<(), String> {
    ///     // A refund that is asked for again, under the same key, is paid once.
    ///     println!("refund of {}, key {}", charged.payment, undo.key());
    /// #   assert!(undo.key().to_string().ends_with("/1/undo"));
    ///     Ok(())
    /// }
    /// # }
    /// # let end = pollster::block_on(Order::start(Placed).run(&Shop));
    /// # assert!(matches!(end, Ok(OrderEnd::Lost(_))));
    /// ```
    #[must_use]
    pub fn key(&self) -> Key {
        let part = match self.run.undo_of() {
            UndoOf::Target(_) => run::Part::Undo,
            UndoOf::InDoubt(_) => run::Part::InDoubt(Self::NAME),
            UndoOf::Branch(_) => match self.run.undone_branch() {
                Some(branch) => run::Part::UndoBranch(branch),
                None => run::Part::Undo,
            },
        };
        self.run.key(self.run.visit(), part)
    }

    /// Returns the key of the work that is undone, or may have to be: the one that the handler of the step, signal, poll or branch
    /// had.
    ///
    /// ```
    /// # use std::{collections::BTreeSet, sync::Mutex};
    /// # use stateway::prelude::*;
    /// # workflow! {
    /// #     #[derive(Clone)]
    /// #     workflow Stay {
    /// #         start Asked;
    /// #         done Booked;
    /// #         step book: Asked -> Booked with undo(in doubt => look);
    /// #     }
    /// # }
    /// # struct Hotel { rooms: Mutex<BTreeSet<String>> }
    /// # impl StaySteps for Hotel {
    /// #     type Error = String;
    /// async fn book(&self, _: Asked, step: &Step<Book>) -> Result<Book, String> {
    ///     self.rooms.lock().unwrap().insert(step.key().to_string());
    ///     Err("the answer was lost".to_owned())
    /// }
    ///
    /// async fn look(&self, _: Asked, undo: &Undo<Book>) -> Result<(), String> {
    ///     // The room that the lost call has taken, if it has taken one.
    ///     self.rooms.lock().unwrap().remove(&undo.done().to_string());
    ///     Ok(())
    /// }
    /// # }
    /// # let hotel = Hotel { rooms: Mutex::default() };
    /// # let error = pollster::block_on(Stay::start(Asked).run(&hotel)).err().unwrap();
    /// # assert!(error.rollback().is_complete() && hotel.rooms.lock().unwrap().is_empty());
    /// ```
    #[must_use]
    pub fn done(&self) -> Key {
        let part = match self.run.undone_branch() {
            Some(branch) => run::Part::Branch(branch),
            None => Step::<T>::PART,
        };
        self.run.key(self.run.visit(), part)
    }

    /// Returns the number of this attempt of the undo, counted from 1.
    ///
    /// ```
    /// # use stateway::prelude::*;
    /// # workflow! {
    /// #     #[derive(Clone)]
    /// #     workflow Order {
    /// #         start Placed;
    /// #         state Charged;
    /// #         done Shipped;
    /// #         failed Lost;
    /// #         step charge: Placed -> Charged with undo(refund, retry(3, every 1m));
    /// #         step ship: Charged -> Shipped | Lost;
    /// #     }
    /// # }
    /// # struct Shop;
    /// # impl OrderSteps for Shop {
    /// #     type Error = String;
    /// #     async fn charge(&self, _: Placed, step: &Step<Charge>) -> Result<Charge, String> { Ok(step.to(Charged)) }
    /// #     async fn ship(&self, _: Charged, step: &Step<Ship>) -> Result<Ship, String> { Ok(step.to(Lost)) }
    /// async fn refund(&self, _: Charged, undo: &Undo<Charge>) -> Result<(), String> {
    ///     match undo.attempt() {
    ///         1 => Err("the bank is closed".to_owned()),
    ///         attempt => Ok(println!("paid back at attempt {attempt}")),
    ///     }
    /// }
    /// # }
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// # assert!(matches!(Order::start(Placed).run(&Shop).await, Ok(OrderEnd::Lost(_))));
    /// # }
    /// ```
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.run.attempts()
    }

    /// Returns the id of the run.
    ///
    /// ```
    /// # use stateway::prelude::*;
    /// # workflow! {
    /// #     #[derive(Clone)]
    /// #     workflow Order {
    /// #         start Placed;
    /// #         state Charged;
    /// #         done Shipped;
    /// #         failed Lost;
    /// #         step charge: Placed -> Charged with undo(refund);
    /// #         step ship: Charged -> Shipped | Lost;
    /// #     }
    /// # }
    /// # struct Shop;
    /// # impl OrderSteps for Shop {
    /// #     type Error = String;
    /// #     async fn charge(&self, _: Placed, step: &Step<Charge>) -> Result<Charge, String> { Ok(step.to(Charged)) }
    /// #     async fn ship(&self, _: Charged, step: &Step<Ship>) -> Result<Ship, String> { Ok(step.to(Lost)) }
    /// async fn refund(&self, _: Charged, undo: &Undo<Charge>) -> Result<(), String> {
    ///     println!("order {}: money back", undo.run_id());
    ///     Ok(())
    /// }
    /// # }
    /// # assert!(matches!(pollster::block_on(Order::start(Placed).run(&Shop)), Ok(OrderEnd::Lost(_))));
    /// ```
    #[must_use]
    pub fn run_id(&self) -> &RunId {
        &self.run.id
    }

    pub(crate) fn run(&self) -> &CurrentRun<T::Workflow> {
        &self.run
    }

    /// Returns the run, as the handler sees it.
    #[ref_cast_custom]
    pub(crate) fn of(run: &CurrentRun<T::Workflow>) -> &Self;
}

impl<T: Transition> VisitPart for Undo<T> {
    fn part(&self) -> PartName {
        self.run.part(PartOf::Undo)
    }
}

impl<T: Transition> fmt::Debug for Undo<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Undo")
            .field(
                "transition",
                &T::Workflow::GRAPH.transitions[self.run.transition()].name,
            )
            .field("key", &format_args!("{}", self.key()))
            .field("attempt", &self.attempt())
            .finish_non_exhaustive()
    }
}
