//! Quotes from sources that cannot be relied on: all five are asked at once, and the median of the
//! first three prices is the quote. A split with a quorum and a time limit.
//!
//! ```text
//! cargo run --example quotes
//! cargo run --example quotes -- --seed 7 --symbols 60
//! ```
//!
//! The program plays the sources itself, at a free port of this machine. Some answer late, never, with
//! an error or with rubbish: what they do depends on the seed. Who is among the first three depends on
//! the clock as well, and may be another the next time. It prints for each symbol what every source did,
//! and at the end it compares each quote with what the sources say they have answered: exit code 1 says
//! that they differ, or that a run got stuck. A wrong command line is exit code 2.

mod audit;
#[path = "../support/cents.rs"]
mod cents;
mod client;
mod command;
mod quoting;
mod report;
mod server;
mod source;
#[path = "../support/terminal.rs"]
mod terminal;
mod wire;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use audit::{Audit, Discrepancy};
use client::{Call, Client};
use command::Command;
use quoting::{Asked, Desk, Quoting, QuotingEnd};
use report::{Outcome, Report};
use source::Symbol;
use terminal::NotPrinted;
use tokio::task::JoinSet;

/// So many symbols are asked about at a time: with more, this machine would be what is slow.
const AT_A_TIME: usize = 16;

/// Why there are no quotes.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
enum QuotesError {
    #[error("the sources cannot be started")]
    Server(#[from] std::io::Error),
    #[error("the sources cannot be asked")]
    Client(#[source] Call),
    #[error("the books of the sources cannot be read")]
    Books(#[source] Call),
    #[error(transparent)]
    NotPrinted(#[from] NotPrinted),
}

#[tokio::main]
async fn main() -> ExitCode {
    let command = match Command::parse(std::env::args().skip(1)) {
        Ok(command) => command,
        Err(error) => {
            terminal::complain(&error);
            return ExitCode::from(2);
        }
    };
    match quotes(&command).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            terminal::complain(&error);
            ExitCode::FAILURE
        }
    }
}

/// Asks about all symbols; whether each quote is what the sources answered.
async fn quotes(command: &Command) -> Result<bool, QuotesError> {
    let address = server::start(command.seed).await?;
    let client = Client::new(address).map_err(QuotesError::Client)?;
    let desk = Arc::new(Desk { client });
    let (mut under_way, mut outcomes) = (JoinSet::new(), Vec::new());
    for number in 1..=command.symbols {
        if under_way.len() == AT_A_TIME {
            // A panic of a handler ends its run; one beside it is a bug here.
            let ended = under_way.join_next().await.transpose();
            outcomes.extend(ended.expect("the task does not panic"));
        }
        under_way.spawn(outcome(Arc::clone(&desk), Symbol(number)));
    }
    outcomes.extend(under_way.join_all().await);
    outcomes.sort_by_key(|outcome| outcome.symbol.0);

    let books = desk.client.books().await.map_err(QuotesError::Books)?;
    let report = Report { outcomes, books };
    terminal::print(&report)?;
    let discrepancies = discrepancies(&report);
    for discrepancy in &discrepancies {
        terminal::complain(discrepancy);
    }
    if discrepancies.is_empty() {
        terminal::print(&"each quote is the median of what the sources answered\n")?;
    }
    let is_stuck = report.outcomes.iter().any(|outcome| outcome.end.is_err());
    Ok(discrepancies.is_empty() && !is_stuck)
}

async fn outcome(desk: Arc<Desk>, symbol: Symbol) -> Outcome {
    let since = Instant::now();
    Outcome {
        symbol,
        end: Quoting::start(Asked { symbol }).run(&*desk).await,
        took: since.elapsed(),
    }
}

fn discrepancies(report: &Report) -> Vec<Discrepancy> {
    let audit = Audit::new(&report.books);
    let quoted = report.outcomes.iter().filter_map(|it| match &it.end {
        Ok(QuotingEnd::Quoted(quoted)) => Some((it.symbol, quoted)),
        _ => None,
    });
    quoted
        .flat_map(|(symbol, quoted)| audit.discrepancies(symbol, quoted))
        .collect()
}
