//! Expenses that wait for approval, as a service that may be killed at any time.
//!
//! ```sh
//! cargo run --example approvals
//! curl -X PUT localhost:3000/expenses/e-1 -H 'content-type: application/json' \
//!     -d '{"employee": "Ada", "cents": 1250, "group": "sales"}'
//! curl localhost:3000/waiting/sales
//! curl -X POST localhost:3000/expenses/e-1/comments -H 'content-type: application/json' \
//!     -d '{"by": "Ada", "text": "for the conference"}'
//! curl -X POST 'localhost:3000/expenses/e-1/approve?wait=2' -d '{"by": "Grace"}'
//! curl localhost:3000/expenses/e-1
//! ```
//!
//! Kill it in between, and start it again: what was acknowledged is there, and what fell due meanwhile has happened. Options:
//! `--in FOLDER` for its file, `--port N`, 0 for any, `--patience SECONDS` of the group, and `--last-call SECONDS` of the board.

mod http;
mod process;

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use stateway::{RedbStore, Runner};
use tokio::net::TcpListener;

use process::{Expense, Office};

struct Options {
    folder: PathBuf,
    port: u16,
    patience: Duration,
    last_call: Duration,
}

fn options() -> Result<Options, Box<dyn Error>> {
    let mut options = Options {
        folder: std::env::temp_dir().join("stateway-approvals"),
        port: 3000,
        patience: Duration::from_hours(72),
        last_call: Duration::from_hours(24),
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let value = arguments
            .next()
            .ok_or(format!("`{argument}` takes a value"))?;
        match &*argument {
            "--in" => options.folder = value.into(),
            "--port" => options.port = value.parse()?,
            "--patience" => options.patience = Duration::from_secs(value.parse()?),
            "--last-call" => options.last_call = Duration::from_secs(value.parse()?),
            _ => return Err(format!("there is no `{argument}`: see the head of `main.rs`").into()),
        }
    }
    Ok(options)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let Options {
        folder,
        port,
        patience,
        last_call,
    } = options()?;
    std::fs::create_dir_all(&folder)?;
    let store = RedbStore::open(folder.join("approvals.redb"))?;
    let office = Office { last_call };
    let runner = Runner::<Expense>::builder(office).store(store).launch();
    let runner = Arc::new(runner.await?);
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("http://{}, in {}", listener.local_addr()?, folder.display());
    let stopped = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    axum::serve(listener, http::router(Arc::clone(&runner), patience))
        .with_graceful_shutdown(stopped)
        .await?;
    runner.shut_down(Duration::from_secs(10)).await;
    Ok(())
}
