//! Runs that fail: the cause comes back as a value, with where it happened.

use std::error::Error as _;
use std::panic::panic_any;

use stateway::prelude::*;

workflow! {
    #[derive(Debug)]
    workflow Order {
        start Placed;
        state Reserved;
        done Shipped;
        step reserve: Placed -> Reserved;
        step ship: Reserved -> Shipped;
    }
}

#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("the carrier is on strike until day {until}")]
struct Strike {
    until: u32,
}

/// The behaviour of `ship`.
enum Shop {
    Fails,
    Panics,
    PanicsAfterWaiting,
    PanicsWithText,
    PanicsWithAValue,
    PanicsWithABomb,
}

/// Panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("the bomb went off");
    }
}

impl OrderSteps for Shop {
    type Error = Strike;

    async fn reserve(&self, _: Placed, step: &Step<Reserve>) -> Result<Reserve, Strike> {
        Ok(step.to(Reserved))
    }

    async fn ship(&self, _: Reserved, _: &Step<Ship>) -> Result<Ship, Strike> {
        match self {
            Shop::Fails => Err(Strike { until: 3 }),
            Shop::Panics => panic!("no parcel"),
            Shop::PanicsAfterWaiting => {
                tokio::task::yield_now().await;
                panic!("no parcel");
            }
            Shop::PanicsWithText => panic_any(format!("{} parcels", 0)),
            Shop::PanicsWithAValue => panic_any(0_u8),
            Shop::PanicsWithABomb => panic_any(Bomb),
        }
    }
}

fn failure(shop: &Shop) -> RunError<Strike> {
    pollster::block_on(Order::start(Placed).run(shop)).expect_err("`ship` fails")
}

fn panic_message(shop: &Shop) -> String {
    match failure(shop).into_cause() {
        Cause::Panic(message) => message.into(),
        other => panic!("the handler panicked, and the cause is {other:?}"),
    }
}

#[test]
fn the_error_of_a_handler_comes_back_as_it_was_returned() {
    let error = failure(&Shop::Fails);
    assert_eq!(error.cause(), &Cause::Handler(Strike { until: 3 }));
    assert_eq!(error.into_cause(), Cause::Handler(Strike { until: 3 }));
}

#[test]
fn an_error_says_where_the_run_was() {
    let error = failure(&Shop::Fails);
    assert_eq!(error.workflow(), "Order");
    assert_eq!(error.state(), "Reserved");
    assert_eq!(error.transition(), Some("ship"));
    assert_eq!(error.attempts(), 1);
}

#[test]
fn the_text_of_an_error_ends_with_that_of_the_handlers_error() {
    let error = failure(&Shop::Fails);
    let strike = Strike { until: 3 };
    assert_eq!(
        error.to_string(),
        format!("step `ship` failed in state `Reserved` of `Order`: {strike}")
    );
    assert!(error.source().is_none());
}

#[test]
fn a_panic_is_a_cause_with_its_message() {
    let error = failure(&Shop::Panics);
    assert_eq!(error.transition(), Some("ship"));
    assert_eq!(
        error.to_string(),
        "step `ship` panicked in state `Reserved` of `Order`: no parcel"
    );
    assert!(error.source().is_none());
    assert_eq!(panic_message(&Shop::Panics), "no parcel");
}

#[test]
fn a_panic_after_a_wait_is_caught_as_well() {
    assert_eq!(panic_message(&Shop::PanicsAfterWaiting), "no parcel");
}

#[test]
fn a_panic_with_a_value_other_than_text_is_still_a_cause() {
    assert_eq!(panic_message(&Shop::PanicsWithText), "0 parcels");
    assert_eq!(
        panic_message(&Shop::PanicsWithAValue),
        "a panic without a message"
    );
}

#[test]
fn a_panic_with_a_value_that_panics_in_turn_is_still_a_cause() {
    assert_eq!(
        panic_message(&Shop::PanicsWithABomb),
        "a panic without a message"
    );
}

workflow! {
    workflow Bombed {
        input { bomb: Bomb }
        start Armed;
        done Left;
        step leave: Armed -> Left;
    }
}

struct Leaves;

impl BombedSteps for Leaves {
    type Error = Strike;

    async fn leave(&self, _: Armed, step: &Step<Leave>) -> Result<Leave, Strike> {
        let Bomb = &step.input().bomb;
        Ok(step.to(Left))
    }
}

#[test]
fn an_input_that_panics_when_it_goes_does_not_take_the_end_with_it() {
    let run = Bombed::start(BombedInput { bomb: Bomb }, Armed).run(&Leaves);
    assert!(matches!(pollster::block_on(run), Ok(BombedEnd::Left(Left))));
}

#[test]
fn an_error_can_go_where_errors_go() {
    fn assert_portable<T: std::error::Error + Send + Sync + 'static>(_: &T) {}
    assert_portable(&failure(&Shop::Fails));
    assert!(format!("{:?}", failure(&Shop::Fails)).contains("Strike { until: 3 }"));
}
