//! The agency's client of the server.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::StatusCode;
use stateway::Key;

use crate::kind::Kind;
use crate::wire::{Balance, Booking, Order, RETRY_AFTER};

/// A call that gave no answer to go on with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Call {
    #[error("the server is busy for another {retry_after:?}")]
    Busy { retry_after: Duration },
    #[error("the server answered {status}")]
    Down { status: StatusCode },
    #[error("the server refused the request: {status}")]
    Refused { status: StatusCode },
    #[error("the server could not be reached")]
    Lost(#[from] reqwest::Error),
}

pub(crate) struct Client {
    http: reqwest::Client,
    server: SocketAddr,
}

impl Client {
    /// # Errors
    /// If there is no HTTP client to be had.
    pub(crate) fn new(server: SocketAddr) -> Result<Self, Call> {
        // An answer that does not come is an error like any other: the next attempt, or `catch`,
        // decides what to make of it.
        let http = reqwest::Client::builder().timeout(Duration::from_secs(2));
        Ok(Client {
            http: http.build()?,
            server,
        })
    }

    /// Books; `None` where nothing is left.
    pub(crate) async fn book(&self, what: Kind, trip: u32, key: &Key) -> Result<Option<u64>, Call> {
        let response = self.post("book", what, trip, key).await?;
        if response.status() == StatusCode::CONFLICT {
            return Ok(None);
        }
        let booking: Booking = checked(response)?.json().await?;
        Ok(Some(booking.id))
    }

    /// Cancels what was booked under this key; fine if nothing was.
    pub(crate) async fn cancel(&self, what: Kind, trip: u32, key: &Key) -> Result<(), Call> {
        checked(self.post("cancel", what, trip, key).await?)?;
        Ok(())
    }

    pub(crate) async fn balance(&self) -> Result<Balance, Call> {
        let url = format!("http://{}/books", self.server);
        Ok(checked(self.http.get(url).send().await?)?.json().await?)
    }

    async fn post(
        &self,
        path: &str,
        what: Kind,
        trip: u32,
        key: &Key,
    ) -> Result<reqwest::Response, Call> {
        let order = Order {
            what,
            trip,
            key: key.to_string(),
        };
        let url = format!("http://{}/{path}", self.server);
        Ok(self.http.post(url).json(&order).send().await?)
    }
}

fn checked(response: reqwest::Response) -> Result<reqwest::Response, Call> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let busy = response.headers().get(RETRY_AFTER);
    let busy = busy.and_then(|value| value.to_str().ok()?.parse().ok());
    Err(match busy {
        Some(milliseconds) => Call::Busy {
            retry_after: Duration::from_millis(milliseconds),
        },
        None if status.is_client_error() => Call::Refused { status },
        None => Call::Down { status },
    })
}
