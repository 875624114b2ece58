//! A travel agency: for each trip a flight, a hotel and a car, all of them or none, booked at an HTTP
//! server that fails at random.
//!
//! ```text
//! cargo run --example saga
//! cargo run --example saga -- --seed 7 --trips 200
//! ```
//!
//! The program starts the server itself, at a free port of this machine. A request that fails is
//! tried again; when something cannot be had, what was booked for the trip is cancelled in reverse.
//! It prints for each trip what was booked or what was undone, and at the end it compares the server's
//! books with its own. They have to balance: exit code 1 says that they do not, or that a trip
//! could not be undone. A wrong command line is exit code 2.

mod client;
mod command;
mod kind;
mod report;
mod server;
#[path = "../support/terminal.rs"]
mod terminal;
mod trip;
mod wire;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use client::{Call, Client};
use command::Command;
use report::{Outcome, Report};
use stateway::Limiter;
use terminal::NotPrinted;
use tokio::task::JoinSet;
use trip::{Agency, Desk, Trip, TripInput, Wanted};

/// Why there is no balance.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
enum SagaError {
    #[error("the server cannot be started")]
    Server(#[from] std::io::Error),
    #[error("the server's books cannot be read")]
    Books(#[from] Call),
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
    match saga(&command).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            terminal::complain(&error);
            ExitCode::FAILURE
        }
    }
}

/// Books all trips; whether the books balance.
async fn saga(command: &Command) -> Result<bool, SagaError> {
    let address = server::start(command.seed).await?;
    let agency = Arc::new(Agency {
        client: Client::new(address)?,
        quota: Limiter::per(Duration::from_secs(1), 2_000).burst(32),
    });
    let mut trips = JoinSet::new();
    for number in 1..=command.trips {
        let agency = Arc::clone(&agency);
        trips.spawn(async move {
            let desk = Desk::new(&agency);
            let end = Trip::start(TripInput { number }, Wanted).run(&desk).await;
            let undone = desk.undone.into_inner().expect("nobody panics holding it");
            Outcome {
                number,
                end,
                undone,
            }
        });
    }
    let mut outcomes = trips.join_all().await;
    outcomes.sort_by_key(|outcome| outcome.number);
    let books = agency.client.balance().await?;
    let report = Report { outcomes, books };
    terminal::print(&report)?;
    Ok(report.balances())
}
