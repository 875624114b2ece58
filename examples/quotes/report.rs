//! The program's report.

use std::error::Error;
use std::fmt::{self, Display};
use std::time::Duration;

use stateway::{BranchError, Branched, Cause, JoinError, RunError};

use crate::client::Call;
use crate::quoting::{Price, QuotingEnd};
use crate::source::{Source, Symbol};
use crate::wire::Books;

/// The result for one symbol.
pub(crate) struct Outcome {
    pub(crate) symbol: Symbol,
    pub(crate) end: Result<QuotingEnd, RunError<Call>>,
    pub(crate) took: Duration,
}

/// All symbols, and what the sources say about them.
pub(crate) struct Report {
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) books: Books,
}

/// The counts of what became of the branches of a source.
#[derive(Default)]
struct Tally {
    prices: usize,
    failed: usize,
    cancelled: usize,
}

impl Report {
    fn count(&self, which: fn(&QuotingEnd) -> bool) -> usize {
        let ends = self.outcomes.iter().filter_map(|it| it.end.as_ref().ok());
        ends.filter(|end| which(end)).count()
    }

    /// Of the symbols with a quote: only of those it is known what became of every branch.
    fn tally(&self, of: Source) -> Tally {
        let mut tally = Tally::default();
        for outcome in &self.outcomes {
            let Ok(QuotingEnd::Quoted(quoted)) = &outcome.end else {
                continue;
            };
            let branches = quoted.sources.iter();
            for (_, branch) in branches.filter(|(source, _)| *source == of) {
                match branch {
                    Branched::Done(_) => tally.prices += 1,
                    Branched::Failed(_) => tally.failed += 1,
                    Branched::Cancelled => tally.cancelled += 1,
                }
            }
        }
        tally
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for outcome in &self.outcomes {
            writeln!(f, "{outcome}")?;
        }
        let quoted = self.count(|end| matches!(end, QuotingEnd::Quoted(_)));
        let unquoted = self.count(|end| matches!(end, QuotingEnd::Unquoted(_)));
        let stuck = self.outcomes.len() - quoted - unquoted;
        writeln!(
            f,
            "{quoted} quoted, {unquoted} without a quote, {stuck} stuck"
        )?;
        let slowest = self.outcomes.iter().map(|outcome| outcome.took).max();
        if let Some(slowest) = slowest {
            writeln!(f, "the slowest took {}ms", slowest.as_millis())?;
        }
        writeln!(f, "\nwhat became of the sources where there is a quote:")?;
        writeln!(
            f,
            "  {:<10}{:>8}{:>8}{:>12}",
            "", "price", "failed", "not needed"
        )?;
        for source in Source::ALL {
            let tally = self.tally(source);
            let (prices, failed, cancelled) = (tally.prices, tally.failed, tally.cancelled);
            writeln!(f, "  {source:<10}{prices:>8}{failed:>8}{cancelled:>12}")?;
        }
        let books = &self.books;
        let (prices, errors, rubbish) = (books.answered.len(), books.down, books.rubbish);
        writeln!(
            f,
            "the sources got {} questions, and answered {prices} with a price, {errors} with an error, \
             {rubbish} with rubbish; {} would never have been answered",
            books.asked, books.hanging
        )
    }
}

impl Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (symbol, took) = (self.symbol, self.took.as_millis());
        match &self.end {
            Ok(QuotingEnd::Quoted(quoted)) => {
                writeln!(f, "{symbol}  {:>8}  in {took}ms", quoted.price)?;
                for (source, branch) in &quoted.sources {
                    writeln!(f, "  {source:<10}{}", cell(branch))?;
                }
                Ok(())
            }
            Ok(QuotingEnd::Unquoted(unquoted)) => {
                writeln!(f, "{symbol}  no quote  in {took}ms")?;
                match &unquoted.cause {
                    Cause::Join(join) => too_few(join).fmt(f),
                    cause => writeln!(f, "  {cause}"),
                }
            }
            Err(error) => writeln!(f, "{symbol}  stuck: {}", chain(error)),
        }
    }
}

/// The facts about the sources of a symbol without a quote: each failure, and who gave a price.
fn too_few(join: &JoinError<Call>) -> impl Display {
    fmt::from_fn(move |f| {
        for failure in &join.failures {
            writeln!(f, "  {:<10}{}", failure.branch(), failed(failure))?;
        }
        for source in &join.succeeded {
            writeln!(f, "  {:<10}gave a price", source.branch)?;
        }
        let (prices, needed) = (join.succeeded.len(), join.needed);
        let waiting = join.branches - prices - join.failures.len();
        write!(
            f,
            "  {prices} gave a price where {needed} are needed, {waiting} had not answered"
        )?;
        match join.within {
            Some(within) => writeln!(f, " after {within:?}"),
            None => writeln!(f, " yet"),
        }
    })
}

/// The fate of a source.
fn cell(branch: &Branched<Price, Call>) -> impl Display {
    fmt::from_fn(move |f| match branch {
        Branched::Done(answer) => write!(f, "{:>8}", answer.price),
        Branched::Failed(error) => failed(error).fmt(f),
        Branched::Cancelled => f.write_str("not needed"),
    })
}

/// Why a source has failed. The name of the branch stands before it.
fn failed(error: &BranchError<Call>) -> impl Display {
    fmt::from_fn(move |f| {
        match error.attempts() {
            1 => f.write_str("failed, asked once: ")?,
            attempts => write!(f, "failed, asked {attempts} times: ")?,
        }
        match error.cause() {
            Cause::Handler(error) => chain(error).fmt(f),
            Cause::Timeout { limit, .. } => write!(f, "no answer within {limit:?}"),
            cause => cause.fmt(f),
        }
    })
}

/// An error and what caused it, in one line.
fn chain(error: &dyn Error) -> impl Display {
    fmt::from_fn(move |f| {
        write!(f, "{error}")?;
        let mut source = error.source();
        while let Some(cause) = source {
            write!(f, ": {cause}")?;
            source = cause.source();
        }
        Ok(())
    })
}
