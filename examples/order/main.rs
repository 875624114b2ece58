//! A day of a small shop: each order of a file goes through the `Order` workflow, against a stock
//! and cards that run out.
//!
//! ```text
//! cargo run --example order                       # the orders beside this file
//! cargo run --example order -- path/to/orders.jsonl
//! ```
//!
//! A line of the file is one order:
//!
//! ```json
//! {"customer": "C-1", "card": "card_1", "cart": [{"sku": "PAD-XL", "quantity": 1, "price_cents": 1990}]}
//! ```
//!
//! A broken line is reported with its file and number, and the other orders go on: one customer's
//! order must not wait for another's to be repaired. The program then ends with exit code 1, as it
//! does where an order gets stuck, where a file is missing, and where the books do not balance.
//! A wrong command line is exit code 2.

mod audit;
mod books;
#[path = "../support/cents.rs"]
mod cents;
mod files;
mod goods;
mod opening;
mod process;
mod reason;
mod summary;
#[path = "../support/terminal.rs"]
mod terminal;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use books::Books;
use files::{FileError, Orders};
use process::{Order, Placed, Shop, ShopError};
use stateway::RunError;
use summary::Summary;
use terminal::NotPrinted;

/// Why there is no summary.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
enum DayError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("the books cannot be checked")]
    Books(#[from] ShopError),
    #[error(transparent)]
    NotPrinted(#[from] NotPrinted),
}

/// Which order came to no end.
#[derive(Debug, thiserror::Error)]
#[error("{}:{line}: the order is stuck", .path.display())]
struct Stuck<'a> {
    path: &'a Path,
    line: usize,
    source: RunError<ShopError>,
}

#[derive(Debug, thiserror::Error)]
#[error("at most one argument is taken: the file of the orders")]
struct Usage;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("order");
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let orders = arguments.next();
    if arguments.next().is_some() {
        terminal::complain(&Usage);
        return ExitCode::from(2);
    }
    let orders = orders.unwrap_or_else(|| here.join("orders.jsonl"));
    match day(&here.join("shop.json"), &orders).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            terminal::complain(&error);
            ExitCode::FAILURE
        }
    }
}

/// Runs the orders and says whether all went well.
async fn day(shop: &Path, orders: &Path) -> Result<bool, DayError> {
    let opening = files::shop(shop)?;
    let shop = Shop::new(Books::open(opening.clone()));
    let mut orders = Orders::open(orders)?;
    let mut summary = Summary::default();

    // One after the other, in the order of the file: who comes first gets the last unit.
    while let Some(order) = orders.next()? {
        match order {
            Err(broken) => {
                terminal::complain(&broken);
                summary.was_unread();
            }
            Ok(input) => match Order::start(input, Placed).run(&shop).await {
                Ok(end) => summary.ended(end),
                Err(source) => {
                    let (path, line) = orders.position();
                    terminal::complain(&Stuck { path, line, source });
                    summary.got_stuck();
                }
            },
        }
    }

    terminal::print(&summary)?;
    let imbalances = audit::imbalances(&opening, shop.into_books()?, &summary);
    for imbalance in &imbalances {
        terminal::complain(imbalance);
    }
    if imbalances.is_empty() {
        terminal::print(&"the books balance\n")?;
    }
    Ok(summary.is_complete() && imbalances.is_empty())
}
