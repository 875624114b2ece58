//! The process: ask all sources at once, and make a quote of the first three prices.

use stateway::prelude::*;

use crate::cents::Cents;
use crate::client::{Call, Client};
use crate::source::{Source, Symbol};
use crate::wire::Question;

/// So many prices make a quote: the number that `quorum` asks for.
pub(crate) const QUORUM: usize = 3;

workflow! {
    /// The quote for one symbol.
    #[derive(Debug)]
    pub(crate) workflow Quoting {
        // A copy is kept for `too_few`.
        #[derive(Clone)]
        start  Asked { symbol: Symbol };
        done   Quoted { price: Cents, sources: [(Source, Branched<Price, Call>); 5] };
        failed Unquoted { cause: Cause<Call> };

        /// Sources that answer at once or not at all are asked again soon. The bank takes its time, and
        /// the portal charges for each question.
        split ask: Asked -> Quoted | Unquoted with catch(too_few) {
            branch exchange: Price with retry(3, every 10ms), timeout(120ms);
            branch broker: Price with retry(3, every 10ms), timeout(120ms);
            branch bank: Price with retry(2), timeout(400ms);
            branch portal: Price with timeout(250ms);
            branch feed: Price with retry(4, backoff 5ms..40ms), timeout(100ms);
            join quorum(3) within 500ms;
        }
    }
}

/// An answer of a source, and the question.
#[derive(Debug)]
pub(crate) struct Price {
    pub(crate) price: Cents,
    pub(crate) question: Question,
}

/// The context: who asks.
pub(crate) struct Desk {
    pub(crate) client: Client,
}

impl Desk {
    async fn price(
        &self,
        source: Source,
        asked: &Asked,
        branch: &Branch<Ask>,
    ) -> Result<Price, Call> {
        let question = Question {
            symbol: asked.symbol,
            key: branch.key().to_string(),
            attempt: branch.attempt(),
        };
        let price = self.client.ask(source, &question).await?;
        Ok(Price { price, question })
    }
}

impl QuotingSteps for Desk {
    type Error = Call;

    async fn exchange(&self, asked: &Asked, branch: &Branch<Ask>) -> Result<Price, Call> {
        self.price(Source::Exchange, asked, branch).await
    }

    async fn broker(&self, asked: &Asked, branch: &Branch<Ask>) -> Result<Price, Call> {
        self.price(Source::Broker, asked, branch).await
    }

    async fn bank(&self, asked: &Asked, branch: &Branch<Ask>) -> Result<Price, Call> {
        self.price(Source::Bank, asked, branch).await
    }

    async fn portal(&self, asked: &Asked, branch: &Branch<Ask>) -> Result<Price, Call> {
        self.price(Source::Portal, asked, branch).await
    }

    async fn feed(&self, asked: &Asked, branch: &Branch<Ask>) -> Result<Price, Call> {
        self.price(Source::Feed, asked, branch).await
    }

    async fn ask(&self, _: Asked, joined: AskJoined<Call>, step: &Step<Ask>) -> Result<Ask, Call> {
        let sources = [
            (Source::Exchange, joined.exchange),
            (Source::Broker, joined.broker),
            (Source::Bank, joined.bank),
            (Source::Portal, joined.portal),
            (Source::Feed, joined.feed),
        ];
        let prices = sources.iter().filter_map(|(_, branch)| branch.output());
        let price = median(prices.map(|answer| answer.price).collect());
        Ok(step.to(Quoted { price, sources }))
    }

    async fn too_few(&self, _: Asked, cause: Cause<Call>, step: &Step<Ask>) -> Result<Ask, Call> {
        Ok(step.to(Unquoted { cause }))
    }

    fn retryable(&self, error: &Call) -> bool {
        // A source that answers, and not with a price, has none.
        !matches!(error, Call::Rubbish(_) | Call::Free)
    }
}

/// The middle one of the prices; of an even number, the higher of the two.
///
/// # Panics
/// If there is none: a quorum has some.
pub(crate) fn median(mut prices: Vec<Cents>) -> Cents {
    prices.sort_unstable();
    prices[prices.len() / 2]
}
