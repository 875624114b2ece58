//! The words of a folder's text files, counted in chunks side by side: a split with a branch for each
//! chunk, each on a task of its own.
//!
//! ```text
//! cargo run --example word_count                                  # the documentation of this workspace
//! cargo run --release --example word_count -- path/to/a/folder    # all text files in it
//! ```
//!
//! Upper and lower case are one word. Hidden folders and `target` are left out; what is not text and
//! what cannot be read is reported. Afterwards the same files are counted again, in a plain loop: the
//! exit code is 1 if the two differ in any word, as it is if there is no text or something could not
//! be read. A wrong command line is exit code 2.

mod cut;
mod listing;
mod plain;
mod process;
mod report;
#[path = "../support/terminal.rs"]
mod terminal;
mod words;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use process::{Asked, CountError, Counter, NoText, Reported, WordCount, WordCountEnd};
use report::Report;
use stateway::RunError;
use terminal::NotPrinted;
use words::{Counts, Difference};

/// Why there is no result, or none to be trusted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
enum WordCountError {
    #[error("there is no text in {}", .folder.display())]
    NoText { folder: PathBuf },
    #[error("the words of {} cannot be counted", .folder.display())]
    Run {
        folder: PathBuf,
        source: RunError<CountError>,
    },
    #[error("the words cannot be counted again")]
    Again(#[source] CountError),
    #[error(
        "the two counts differ: {ours} words in chunks, {theirs} in a loop, and {} words \
         were not counted equally often, such as {}",
        .differences.len(), some(.differences)
    )]
    Differ {
        ours: u64,
        theirs: u64,
        differences: Vec<Difference>,
    },
    #[error(transparent)]
    NotPrinted(#[from] NotPrinted),
}

#[derive(Debug, thiserror::Error)]
#[error("at most one argument is taken: the folder")]
struct Usage;

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let folder = arguments.next();
    if arguments.next().is_some() {
        terminal::complain(&Usage);
        return ExitCode::from(2);
    }
    let asked = match folder {
        Some(folder) => Asked {
            folder,
            extension: None,
        },
        None => Asked {
            folder: workspace(),
            extension: Some("md"),
        },
    };
    match word_count(asked).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            terminal::complain(&error);
            ExitCode::FAILURE
        }
    }
}

fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// Counts twice, and says whether all could be read.
async fn word_count(asked: Asked) -> Result<bool, WordCountError> {
    let folder = asked.folder.clone();
    let counter = Arc::new(Counter::default());
    let reported = match WordCount::start(asked).run(&counter).await {
        Ok(WordCountEnd::Reported(reported)) => reported,
        Ok(WordCountEnd::NoText(NoText { skipped })) => {
            terminal::print(&skipped)?;
            return Err(WordCountError::NoText { folder });
        }
        Err(source) => return Err(WordCountError::Run { folder, source }),
    };
    let (counts, plain) = plain::count(&reported.listing).map_err(WordCountError::Again)?;
    let report = Report {
        folder: &folder,
        reported: &reported,
        threads: counter.threads(),
        plain,
    };
    terminal::print(&report)?;
    compare(&reported, &counts)?;
    terminal::print(&"both counts are equal, word by word\n")?;
    Ok(reported.listing.skipped.unreadable.is_empty())
}

fn compare(reported: &Reported, counts: &Counts) -> Result<(), WordCountError> {
    let differences = reported.counts.differences(counts);
    // The totals too: they come from other code than the single counts.
    let (ours, theirs) = (reported.counts.total(), counts.total());
    let distinct = reported.counts.distinct() == counts.distinct();
    if differences.is_empty() && distinct && ours == theirs {
        return Ok(());
    }
    Err(WordCountError::Differ {
        ours,
        theirs,
        differences,
    })
}

/// The first differences.
fn some(differences: &[Difference]) -> String {
    let some = differences.iter().take(5);
    let some = some.map(|it| format!("`{}` ({} and {})", it.word, it.ours, it.theirs));
    some.collect::<Vec<_>>().join(", ")
}
