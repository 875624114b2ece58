//! The errors of a call that did not get through a breaker, or failed behind it.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::error::spelled;

/// An open breaker let no call through.
///
/// ```
/// use std::time::Duration;
///
/// use stateway::Breaker;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// let bank = Breaker::new("bank").failures(1).cool_down(Duration::from_secs(30));
/// bank.acquire().expect("it is closed").failure();
///
/// let open = bank.acquire().expect_err("one failure opens it");
/// assert_eq!((open.breaker, open.retry_in), ("bank", Duration::from_secs(30)));
/// tokio::time::sleep(open.retry_in).await;
/// bank.acquire().expect("it lets a probe through").success();
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BreakerOpen {
    /// The breaker's name.
    pub breaker: &'static str,
    /// The time until it may let a call through. Zero while the probes run: it changes as soon as one has ended.
    pub retry_in: Duration,
}

/// The reason why [`Breaker::call`](crate::Breaker::call) gave no value.
///
/// ```
/// use stateway::{Breaker, Refused};
///
/// # async fn price() -> Result<u32, &'static str> { Err("no answer") }
/// # pollster::block_on(async {
/// let shop = Breaker::new("shop");
/// match shop.call(price()).await {
///     Ok(price) => println!("it costs {price}"),
///     Err(Refused::Open(open)) => println!("ask again in {:?}", open.retry_in),
///     Err(Refused::Failed(error)) => assert_eq!(error, "no answer"),
/// }
/// # });
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused<E> {
    /// The call did not get through.
    Open(BreakerOpen),
    /// The call got through and failed.
    Failed(E),
}

impl fmt::Display for BreakerOpen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "breaker `{}` is open", self.breaker)?;
        if self.retry_in.is_zero() {
            f.write_str(" until a probe has ended")
        } else {
            write!(f, " for another {}", spelled(self.retry_in))
        }
    }
}

impl Error for BreakerOpen {}

impl<E> fmt::Display for Refused<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Open(open) => open.fmt(f),
            Refused::Failed(_) => f.write_str("the call failed"),
        }
    }
}

impl<E: Error + 'static> Error for Refused<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Refused::Open(_) => None,
            Refused::Failed(error) => Some(error),
        }
    }
}
