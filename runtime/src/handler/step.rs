//! The view that the handler of a transition has of its run.

use std::fmt;
use std::marker::PhantomData;

use ref_cast::{RefCastCustom, ref_cast_custom};
use stateway_core::{Name, Target, Targets, Transition, TransitionKind, Workflow};
use tokio_util::sync::CancellationToken;

use super::VisitPart;
use crate::run::{self, CurrentRun, Key, PartName, PartOf, RunId};

/// One visit to the transition `T`, as its handler sees it.
///
/// It makes the outcome ([`to`](Step::to)), lends the input of the run ([`input`](Step::input)), and has the key under
/// which the handler calls other services ([`key`](Step::key)).
///
/// ```
/// # use stateway::prelude::*;
/// # workflow! {
/// #     workflow Order {
/// #         input { items: u32 }
/// #         start Placed;
/// #         done Reserved { hold: String };
/// #         failed Rejected;
/// #         step reserve: Placed -> Reserved | Rejected;
/// #     }
/// # }
/// # struct Shop { stock: u32 }
/// # impl OrderSteps for Shop {
/// #     type Error = String;
/// async fn reserve(&self, _: Placed, step: &Step<Reserve>) -> Result<Reserve, String> {
///     if step.input().items > self.stock {
///         return Ok(step.to(Rejected));
///     }
///     let hold = format!("hold {}", step.key());
///     Ok(step.to(Reserved { hold }))
/// }
/// # }
/// # let end = pollster::block_on(Order::start(OrderInput { items: 2 }, Placed).run(&Shop { stock: 5 }));
/// # assert!(matches!(end, Ok(OrderEnd::Reserved(_))));
/// ```
#[derive(RefCastCustom)]
#[repr(transparent)]
pub struct Step<T: Transition> {
    run: CurrentRun<T::Workflow>,
    #[trivial]
    transition: PhantomData<fn() -> T>,
}

impl<T: Transition> Step<T> {
    /// The part of the visit in the key. An asking of a poll is not a transition, and neither is a step that a signal interrupts: the
    /// transition that follows has the same number of visit, so these have a part of their own.
    pub(super) const PART: run::Part = {
        let transition = &<T::Workflow as Workflow>::GRAPH.transitions[T::POSITION];
        match transition.kind {
            TransitionKind::Poll => run::Part::Asked(transition.name),
            TransitionKind::Signal if transition.interrupts => {
                run::Part::Interrupts(transition.name)
            }
            _ => run::Part::Whole,
        }
    };

    /// Returns the outcome that leads to `state`.
    ///
    /// A state that is not a declared target of the transition does not compile.
    ///
    /// ```
    /// # use stateway::prelude::*;
    /// # workflow! {
    /// #     workflow Loan {
    /// #         start Applied { sum: u64 };
    /// #         done Approved;
    /// #         done Referred { to: String };
    /// #         step assess: Applied -> Approved | Referred;
    /// #     }
    /// # }
    /// # struct Bank;
    /// # impl LoanSteps for Bank {
    /// #     type Error = String;
    /// async fn assess(&self, applied: Applied, step: &Step<Assess>) -> Result<Assess, String> {
    ///     Ok(match applied.sum {
    ///         ..1_000 => step.to(Approved),
    ///         _ => step.to(Referred { to: "the branch manager".to_owned() }),
    ///     })
    /// }
    /// # }
    /// # let end = pollster::block_on(Loan::start(Applied { sum: 5_000 }).run(&Bank));
    /// # assert!(matches!(end, Ok(LoanEnd::Referred(_))));
    /// ```
    pub fn to<S>(&self, state: S) -> T
    where
        S: Target<T, Name<T>, Targets<T>>,
    {
        state.outcome()
    }

    /// Returns the input that the run was started with.
    ///
    /// ```
    /// # use stateway::prelude::*;
    /// # workflow! {
    /// #     workflow Order {
    /// #         input { customer: u64 }
    /// #         start Placed;
    /// #         done Welcomed { text: String };
    /// #         step welcome: Placed -> Welcomed;
    /// #     }
    /// # }
    /// # struct Shop;
    /// # impl OrderSteps for Shop {
    /// #     type Error = String;
    /// async fn welcome(&self, _: Placed, step: &Step<Welcome>) -> Result<Welcome, String> {
    ///     let text = format!("welcome, customer {}", step.input().customer);
    ///     Ok(step.to(Welcomed { text }))
    /// }
    /// # }
    /// # let end = pollster::block_on(Order::start(OrderInput { customer: 7 }, Placed).run(&Shop));
    /// # assert!(matches!(end, Ok(OrderEnd::Welcomed(end)) if end.text == "welcome, customer 7"));
    /// ```
    #[must_use]
    pub fn input(&self) -> &<T::Workflow as Workflow>::Input {
        &self.run.input
    }

    /// Returns the idempotency key of this visit.
    ///
    /// The key is equal for every attempt of the same visit, and never equal for another visit: a self-transition
    /// has a new key at every turn. The askings of a poll have one key until a transition is taken, and a new one from then on.
    ///
    /// ```
    /// # use std::{collections::BTreeMap, sync::Mutex};
    /// # use stateway::prelude::*;
    /// # workflow! {
    /// #     #[derive(Clone)]
    /// #     workflow Order {
    /// #         start Placed { cents: u64 };
    /// #         done Charged;
    /// #         step charge: Placed -> Charged with retry(3, every 1s);
    /// #     }
    /// # }
    /// # struct Shop { bank: Mutex<BTreeMap<String, u64>> }
    /// # impl OrderSteps for Shop {
    /// #     type Error = String;
    /// async fn charge(&self, placed: Placed, step: &Step<Charge>) -> Result<Charge, String> {
    ///     // The bank books a key once, so a second attempt charges nothing twice.
    ///     self.bank.lock().unwrap().insert(step.key().to_string(), placed.cents);
    ///     if step.attempt() == 1 {
    ///         return Err("the answer was lost".to_owned());
    ///     }
    ///     Ok(step.to(Charged))
    /// }
    /// # }
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// # let shop = Shop { bank: Mutex::default() };
    /// # assert!(Order::start(Placed { cents: 500 }).run(&shop).await.is_ok());
    /// # assert_eq!(shop.bank.lock().unwrap().len(), 1);
    /// # }
    /// ```
    #[must_use]
    pub fn key(&self) -> Key {
        self.run.key(self.run.visit(), Self::PART)
    }

    /// Returns the number of this attempt of the visit, counted from 1. In a `catch` handler it is the number of attempts that were
    /// made.
    ///
    /// ```
    /// # use stateway::prelude::*;
    /// # workflow! {
    /// #     #[derive(Clone)]
    /// #     workflow Order {
    /// #         start Placed;
    /// #         done Charged { bank: &'static str };
    /// #         step charge: Placed -> Charged with retry(4, every 1s);
    /// #     }
    /// # }
    /// # struct Shop;
    /// # impl Shop {
    /// #     async fn ask(&self, bank: &str) -> Result<(), String> {
    /// #         if bank == "second" { Ok(()) } else { Err("no answer".to_owned()) }
    /// #     }
    /// # }
    /// # impl OrderSteps for Shop {
    /// #     type Error = String;
    /// async fn charge(&self, _: Placed, step: &Step<Charge>) -> Result<Charge, String> {
    ///     // The second bank has its turn when the first has failed twice.
    ///     let bank = if step.attempt() <= 2 { "first" } else { "second" };
    ///     self.ask(bank).await?;
    ///     Ok(step.to(Charged { bank }))
    /// }
    /// # }
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// # let end = Order::start(Placed).run(&Shop).await;
    /// # assert!(matches!(end, Ok(OrderEnd::Charged(Charged { bank: "second" }))));
    /// # }
    /// ```
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.run.attempts()
    }

    /// Returns the token that fires when the run is cancelled. It never fires for a run that was given none.
    ///
    /// The token does not interrupt a handler: the run stops when the handler returns. A handler that works for long waits for this
    /// token beside its work and returns early, with an error if it has had no effect yet: the effects of a step that returns an
    /// error are not undone.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use stateway::prelude::*;
    /// # workflow! { workflow Film { start Uploaded; done Encoded; step encode: Uploaded -> Encoded; } }
    /// # struct Studio;
    /// # impl Studio { async fn encode_all(&self) { tokio::time::sleep(Duration::from_hours(5)).await } }
    /// # impl FilmSteps for Studio {
    /// #     type Error = &'static str;
    /// async fn encode(&self, _: Uploaded, step: &Step<Encode>) -> Result<Encode, &'static str> {
    ///     tokio::select! {
    ///         () = self.encode_all() => Ok(step.to(Encoded)),
    ///         () = step.cancellation().cancelled() => Err("stopped before the first frame was published"),
    ///     }
    /// }
    /// # }
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// # let token = CancellationToken::new();
    /// # let run = Film::start(Uploaded).run(&Studio).cancelled_by(token.clone());
    /// # let stop = async { tokio::time::sleep(Duration::from_secs(9)).await; token.cancel() };
    /// # let (end, ()) = tokio::join!(run, stop);
    /// # assert!(matches!(end.err().unwrap().cause(), Cause::Cancelled { last: Some(_), .. }));
    /// # }
    /// ```
    #[must_use]
    pub fn cancellation(&self) -> &CancellationToken {
        self.run.token()
    }

    /// Returns the id of the run.
    ///
    /// ```
    /// # use stateway::prelude::*;
    /// # workflow! {
    /// #     workflow Order { start Placed; done Shipped { label: String }; step ship: Placed -> Shipped; }
    /// # }
    /// # struct Shop;
    /// # impl OrderSteps for Shop {
    /// #     type Error = String;
    /// async fn ship(&self, _: Placed, step: &Step<Ship>) -> Result<Ship, String> {
    ///     // The label of a returned parcel leads to its run.
    ///     let label = format!("order {}", step.run_id());
    ///     Ok(step.to(Shipped { label }))
    /// }
    /// # }
    /// # let end = pollster::block_on(Order::start(Placed).run(&Shop));
    /// # assert!(matches!(end, Ok(OrderEnd::Shipped(end)) if end.label.len() == 38));
    /// ```
    #[must_use]
    pub fn run_id(&self) -> &RunId {
        &self.run.id
    }

    /// Returns the run, as the handler sees it.
    #[ref_cast_custom]
    pub(crate) fn of(run: &CurrentRun<T::Workflow>) -> &Self;

    pub(crate) fn run(&self) -> &CurrentRun<T::Workflow> {
        &self.run
    }
}

impl<T: Transition> VisitPart for Step<T> {
    fn part(&self) -> PartName {
        self.run.part(PartOf::Whole)
    }
}

impl<T: Transition> fmt::Debug for Step<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Step")
            .field(
                "transition",
                &T::Workflow::GRAPH.transitions[self.run.transition()].name,
            )
            .field("key", &format_args!("{}", self.key()))
            .finish_non_exhaustive()
    }
}
