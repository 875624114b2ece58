//! The argument of an undo that is called for a step that was done, or is in doubt.

/// Tells the handler of an `undo(handler, in doubt)` that the step was done, or that it may have been.
///
/// A call is in doubt if it ended without an answer: with an error that is
/// [`retryable`](crate::guide::policies), by a panic, by a timeout or a deadline, or because its process died. The other side may have
/// done what it was asked for.
///
/// ```
/// # use stateway::prelude::*;
/// # workflow! {
/// #     #[derive(Clone)]
/// #     workflow Order {
/// #         start Placed;
/// #         done Charged { payment: u64 };
/// #         step charge: Placed -> Charged with undo(refund, in doubt);
/// #     }
/// # }
/// # struct Shop;
/// # impl Shop {
/// #     async fn payment_of(&self, _: stateway::Key) -> Result<Option<u64>, String> { Ok(Some(9)) }
/// #     async fn pay_back(&self, _: u64, _: stateway::Key) -> Result<(), String> { Ok(()) }
/// # }
/// # impl OrderSteps for Shop {
/// #     type Error = String;
/// #     async fn charge(&self, _: Placed, _: &Step<Charge>) -> Result<Charge, String> {
/// #         Err("the answer was lost".to_owned())
/// #     }
/// async fn refund(&self, undoing: Undoing<Placed, Charged>, undo: &Undo<Charge>) -> Result<(), String> {
///     let payment = match undoing {
///         Undoing::Done(charged) => Some(charged.payment),
///         Undoing::InDoubt(_) => self.payment_of(undo.done()).await?,
///     };
///     match payment {
///         Some(payment) => self.pay_back(payment, undo.key()).await,
///         None => Ok(()),
///     }
/// }
/// # }
/// # let error = pollster::block_on(Order::start(Placed).run(&Shop)).err().unwrap();
/// # assert_eq!(error.rollback().to_string(), "undone: `charge, in doubt`");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "there is no third way, and a handler is to tell both apart"
)]
pub enum Undoing<Asked, Done> {
    /// The step was done, and led to this state.
    Done(Done),
    /// The step has led nowhere, and its last call, out of this state, may have had its effect. Ask the other side under
    /// the [key](crate::Undo::done) of the call, and undo the effect if there is one.
    InDoubt(Asked),
}
