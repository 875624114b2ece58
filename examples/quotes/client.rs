//! The client of a source.

use std::net::SocketAddr;

use reqwest::StatusCode;

use crate::cents::Cents;
use crate::source::Source;
use crate::wire::{Answer, Books, Question};

/// A question that was not answered with a price.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Call {
    #[error("the source answered {status}")]
    Down { status: StatusCode },
    #[error("the source answered with something that is no price")]
    Rubbish(#[source] serde_json::Error),
    #[error("the source answered with a price of nothing")]
    Free,
    #[error("the source could not be reached")]
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
        // Without a time limit: those of the workflow drop a request that takes too long. And without
        // a proxy: the sources are on this machine.
        let http = reqwest::Client::builder().no_proxy();
        Ok(Client {
            http: http.build()?,
            server,
        })
    }

    /// Asks a source for a price.
    pub(crate) async fn ask(&self, source: Source, question: &Question) -> Result<Cents, Call> {
        let url = format!("http://{}/{source}", self.server);
        let response = checked(self.http.post(url).json(question).send().await?)?;
        let Answer { price } = read(response).await?;
        if price == Cents(0) {
            return Err(Call::Free);
        }
        Ok(price)
    }

    /// The deeds of the sources.
    pub(crate) async fn books(&self) -> Result<Books, Call> {
        let url = format!("http://{}/books", self.server);
        read(checked(self.http.get(url).send().await?)?).await
    }
}

fn checked(response: reqwest::Response) -> Result<reqwest::Response, Call> {
    let status = response.status();
    if status.is_success() {
        Ok(response)
    } else {
        Err(Call::Down { status })
    }
}

/// An answer, told apart from one that did not arrive.
async fn read<T: serde::de::DeserializeOwned>(response: reqwest::Response) -> Result<T, Call> {
    let text = response.bytes().await?;
    serde_json::from_slice(&text).map_err(Call::Rubbish)
}
