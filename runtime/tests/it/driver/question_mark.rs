//! `?` on a run, for the errors that handlers fail with, in functions that fail with a boxed error.

use std::error::Error;
use std::num::ParseIntError;

use stateway::prelude::*;

workflow! {
    workflow Order {
        start Placed;
        done Charged;
        step charge: Placed -> Charged;
    }
}

type Boxed = Box<dyn Error + Send + Sync>;

/// The texts of a run's error, from the outside in.
fn chain(error: &(dyn Error + 'static)) -> Vec<String> {
    let mut texts = vec![error.to_string()];
    let mut source = error.source();
    while let Some(error) = source {
        texts.push(error.to_string());
        source = error.source();
    }
    texts
}

const PLACE: &str = "step `charge` failed in state `Placed` of `Order`: ";
const DIGIT: &str = "invalid digit found in string";

fn price() -> Result<u32, ParseIntError> {
    "1,5".parse()
}

/// A context whose handlers fail with `$error`, and the two functions that run an order by it.
macro_rules! fails {
    ($name:ident: $error:ty = $make:expr $(, $source_of:item)?) => {
        mod $name {
            use super::*;

            struct Shop;

            impl OrderSteps for Shop {
                type Error = $error;

                async fn charge(&self, _: Placed, _: &Step<Charge>) -> Result<Charge, $error> {
                    Err($make)
                }

                $($source_of)?
            }

            async fn boxed() -> Result<OrderEnd, Boxed> {
                Ok(Order::start(Placed).run(&Shop).await?)
            }

            async fn any() -> anyhow::Result<OrderEnd> {
                Ok(Order::start(Placed).run(&Shop).await?)
            }

            /// The error by both ways: they read alike, and the handlers' own is in both.
            pub(super) fn error() -> RunError<$error> {
                let any = pollster::block_on(any()).err().unwrap();
                let boxed = pollster::block_on(boxed()).err().unwrap();
                assert_eq!(chain(&*any), chain(&*boxed));
                let error = *boxed.downcast::<RunError<$error>>().unwrap();
                assert!(matches!(error.cause(), Cause::Handler(_)));
                assert!(any.is::<RunError<$error>>());
                error
            }
        }
    };
}

#[derive(Debug, thiserror::Error)]
enum BankError {
    #[error("the bank answered nonsense")]
    Nonsense(#[from] ParseIntError),
}

fails!(typed: BankError = price().unwrap_err().into());

fails!(chained: BankError = price().unwrap_err().into(), fn source_of(error: &BankError) -> Option<&(dyn Error + 'static)> {
    error.source()
});

fails!(boxed: Boxed = BankError::from(price().unwrap_err()).into());

fails!(any: anyhow::Error = anyhow::Error::new(price().unwrap_err()).context("the bank answered nonsense"));

fails!(text: String = price().unwrap_err().to_string());

#[test]
fn an_error_of_its_own_type_is_told_and_its_source_where_the_context_says_it() {
    let nonsense = format!("{PLACE}the bank answered nonsense");
    let Cause::Handler(BankError::Nonsense(_)) = typed::error().into_cause() else {
        panic!("it comes back as it was");
    };
    assert_eq!(chain(&typed::error()), [nonsense.as_str()]);
    assert_eq!(chain(&chained::error()), [&nonsense, DIGIT]);
}

#[test]
fn a_boxed_error_is_told_with_its_sources() {
    let nonsense = format!("{PLACE}the bank answered nonsense");
    assert_eq!(chain(&boxed::error()), [&nonsense, DIGIT]);
    let error = boxed::error().into_cause().into_error().unwrap();
    assert!(error.is::<BankError>());
}

#[test]
fn an_error_of_anyhow_has_its_sources_in_the_text() {
    let text = format!("{PLACE}the bank answered nonsense: {DIGIT}");
    assert_eq!(chain(&any::error()), [text]);
    let error = any::error().into_cause().into_error().unwrap();
    assert!(error.is::<ParseIntError>());
}

#[test]
fn a_text_is_told() {
    assert_eq!(chain(&text::error()), [format!("{PLACE}{DIGIT}")]);
}
