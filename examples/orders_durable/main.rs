//! The orders of a file as durable runs: kill the program whenever you like and start it again, and it goes on
//! where it was. No order is forgotten, none is charged twice.
//!
//! ```text
//! cargo run --example orders_durable                  # the orders beside the example `order`
//! cargo run --example orders_durable -- --list        # what became of them
//! cargo run --example orders_durable -- --show order-7
//! cargo run --example orders_durable -- --fresh       # forgets all of it, and begins again
//! ```
//!
//! `--orders FILE` takes other orders, `--in FOLDER` keeps runs and books elsewhere than in the target directory,
//! and `--pause MS` says how long each step takes, 20 ms otherwise, so that there is time to kill it.
//!
//! The runs are in `runs.redb`. The shop's own books are in `books.jsonl`, an outside world that knows nothing of
//! runs: it makes each entry once for each key that it is given, and the handlers give it the key of their
//! visit. At the end both are compared, and have to agree. Exit code 1 says that they do not, or that
//! something is broken; a wrong command line is exit code 2.

mod audit;
mod books;
#[path = "../support/cents.rs"]
mod cents;
mod command;
#[path = "../order/files.rs"]
mod files;
#[path = "../order/goods.rs"]
mod goods;
#[path = "../order/opening.rs"]
mod opening;
mod process;
#[path = "../order/reason.rs"]
mod reason;
mod show;
#[path = "../support/terminal.rs"]
mod terminal;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use books::{Books, BooksError};
use command::{Command, Task};
use files::{FileError, Orders};
use process::{Order, Placed, Shop};
use stateway::prelude::*;
use stateway::{LaunchError, OpenError, RedbStore, StoreError};
use terminal::NotPrinted;
use tokio::task::JoinSet;

/// Why the program could not do what it was told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
enum ShopError {
    #[error("{} cannot be used", .path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error(transparent)]
    File(#[from] FileError),
    #[error("the runs cannot be opened")]
    Open(#[from] OpenError),
    #[error("the runs cannot be read or written")]
    Store(#[from] StoreError),
    #[error(transparent)]
    Launch(#[from] LaunchError),
    #[error("an order was not started")]
    Start(#[from] StartError),
    #[error(transparent)]
    Books(#[from] BooksError),
    #[error("there is no run `{id}`: `--list` lists them")]
    NoSuchRun { id: String },
    #[error("the program cannot be interrupted")]
    NoSignals(#[source] io::Error),
    #[error(transparent)]
    NotPrinted(#[from] NotPrinted),
}

/// The faults that are left in the end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
enum Complaint {
    #[error("{id} has come to no end")]
    Stuck {
        id: String,
        #[source]
        source: EndError,
    },
    #[error("stopped: start the program again, and the orders go on")]
    Stopped,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let command = match Command::read(std::env::args_os().skip(1)) {
        Ok(command) => command,
        Err(error) => {
            terminal::complain(&error);
            return ExitCode::from(2);
        }
    };
    match carry_out(&command).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            terminal::complain(&error);
            ExitCode::FAILURE
        }
    }
}

/// Does what it is told, and says whether all is well.
async fn carry_out(command: &Command) -> Result<bool, ShopError> {
    let folder = |source| ShopError::Folder {
        path: command.folder.clone(),
        source,
    };
    fs::create_dir_all(&command.folder).map_err(folder)?;
    let (runs, books) = (
        command.folder.join("runs.redb"),
        command.folder.join("books.jsonl"),
    );
    match &command.task {
        Task::Run { orders, is_fresh } => {
            // Opened before anything is removed: another process may be at work.
            let mut store = RedbStore::open(&runs)?;
            if *is_fresh {
                drop(store);
                for file in [&runs, &books] {
                    match fs::remove_file(file) {
                        Err(error) if error.kind() != io::ErrorKind::NotFound => {
                            return Err(folder(error));
                        }
                        _ => {}
                    }
                }
                store = RedbStore::open(&runs)?;
            }
            process_orders(store, &books, orders, command.pause).await
        }
        Task::List => {
            show::list(&RedbStore::open(&runs)?).await?;
            Ok(true)
        }
        Task::Show(id) => {
            show::show(&RedbStore::open(&runs)?, id).await?;
            Ok(true)
        }
    }
}

/// Starts every order of a file, those that were started before as well, and waits for their ends.
async fn process_orders(
    store: RedbStore,
    books: &Path,
    orders: &Path,
    pause: Duration,
) -> Result<bool, ShopError> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("order/shop.json");
    let opening = files::shop(&beside)?;
    let shop = Shop::new(Books::open(&opening, books)?, pause);
    let mut orders = Orders::open(orders)?;

    let runner = Runner::<Order>::builder(shop.clone())
        .store(store)
        .max_in_flight(8)
        .launch()
        .await?;
    let mut runs = Vec::new();
    let mut is_well = true;
    while let Some(order) = orders.next()? {
        match order {
            Err(broken) => {
                terminal::complain(&broken);
                is_well = false;
            }
            // The line is the order's name, so that the same file is the same orders.
            Ok(input) => {
                let (_, line) = orders.position();
                runs.push(runner.start(format!("order-{line}"), input, Placed).await?);
            }
        }
    }

    let mut ends = JoinSet::new();
    for run in runs {
        ends.spawn(async move { (run.id().to_string(), run.end().await) });
    }
    let mut audit = audit::Audit::default();
    let interrupted = tokio::signal::ctrl_c();
    tokio::pin!(interrupted);
    loop {
        let ended = tokio::select! {
            ended = ends.join_next() => ended,
            signal = &mut interrupted => {
                signal.map_err(ShopError::NoSignals)?;
                runner.shut_down(Duration::from_secs(10)).await;
                terminal::complain(&Complaint::Stopped);
                return Ok(false);
            }
        };
        match ended {
            None => break,
            Some(Ok((_, Ok(end)))) => audit.ended(&end),
            Some(Ok((id, Err(source)))) => {
                terminal::complain(&Complaint::Stuck { id, source });
                is_well = false;
            }
            Some(Err(panic)) => std::panic::resume_unwind(panic.into_panic()),
        }
    }
    runner.shut_down(Duration::from_secs(10)).await;

    terminal::print(&audit)?;
    let imbalances = audit.imbalances(&*shop.books()?);
    for imbalance in &imbalances {
        terminal::complain(imbalance);
    }
    if imbalances.is_empty() {
        terminal::print(&"the books balance\n")?;
    }
    Ok(is_well && imbalances.is_empty())
}
