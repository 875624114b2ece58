//! The audit of the quotes: are they what the sources answered?
//!
//! The server is the other witness: it keeps each price that it answered, and to which question.

use std::collections::HashMap;

use crate::cents::Cents;
use crate::quoting::{QUORUM, Quoted, median};
use crate::source::{Source, Symbol};
use crate::wire::Books;

/// A quote that cannot be right.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Discrepancy {
    #[error("{symbol}: {by} gave {price} here, and {answered} by its own books")]
    Price {
        symbol: Symbol,
        by: Source,
        price: Cents,
        answered: Cents,
    },
    #[error("{symbol}: {by} gave {price} here, and nothing by its own books")]
    NotAnswered {
        symbol: Symbol,
        by: Source,
        price: Cents,
    },
    #[error("{symbol}: {prices} prices were accepted where {QUORUM} make a quote")]
    NoQuorum { symbol: Symbol, prices: usize },
    #[error("{symbol}: {price} was quoted, but {median} is the median of what was answered")]
    Median {
        symbol: Symbol,
        price: Cents,
        median: Cents,
    },
}

/// The answer of each source to each question, by the books.
pub(crate) struct Audit<'a> {
    answers: HashMap<(Source, Symbol, &'a str, u32), Cents>,
}

impl<'a> Audit<'a> {
    pub(crate) fn new(books: &'a Books) -> Self {
        let answered = books.answered.iter();
        let answers = answered.map(|it| {
            let question = &it.question;
            let key = question.key.as_str();
            let question = (it.source, question.symbol, key, question.attempt);
            (question, it.price)
        });
        Audit {
            answers: answers.collect(),
        }
    }

    /// The mistake in a quote.
    pub(crate) fn discrepancies(&self, symbol: Symbol, quoted: &Quoted) -> Vec<Discrepancy> {
        let (mut found, mut prices) = (Vec::new(), Vec::new());
        for (source, branch) in &quoted.sources {
            let (source, Some(answer)) = (*source, branch.output()) else {
                continue;
            };
            let (price, question) = (answer.price, &answer.question);
            let question = (source, symbol, question.key.as_str(), question.attempt);
            match self.answers.get(&question) {
                Some(answered) => {
                    prices.push(*answered);
                    if *answered != price {
                        found.push(Discrepancy::Price {
                            symbol,
                            by: source,
                            price,
                            answered: *answered,
                        });
                    }
                }
                None => found.push(Discrepancy::NotAnswered {
                    symbol,
                    by: source,
                    price,
                }),
            }
        }
        if prices.len() < QUORUM {
            let prices = prices.len();
            found.push(Discrepancy::NoQuorum { symbol, prices });
            return found;
        }
        let median = median(prices);
        if median != quoted.price {
            found.push(Discrepancy::Median {
                symbol,
                price: quoted.price,
                median,
            });
        }
        found
    }
}
