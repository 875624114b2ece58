//! The licences of all dependencies of a workspace: each one that `Cargo.lock` names goes through
//! the `Inspection` workflow, which looks for it among the sources that cargo has unpacked.
//!
//! ```text
//! cargo run --example licences                    # the lock file of this workspace
//! cargo run --example licences -- path/to/Cargo.lock
//! ```
//!
//! Nothing is downloaded. What is not on this machine is listed as such, and is no error. A
//! manifest that cannot be read is: it is reported, the others are inspected, and the exit code is
//! 1, as it is for a lock file that cannot be read. A wrong command line is exit code 2.

mod expression;
mod inspection;
mod lock;
mod report;
#[path = "../support/terminal.rs"]
mod terminal;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use inspection::{Inspection, InspectionError, InspectionInput, Listed, Registry, RegistryError};
use lock::{LockError, Package};
use report::Report;
use stateway::RunError;
use terminal::NotPrinted;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
enum LicencesError {
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error(transparent)]
    Registry(#[from] RegistryError),
    #[error(transparent)]
    NotPrinted(#[from] NotPrinted),
}

/// Which dependency could not be inspected.
#[derive(Debug, thiserror::Error)]
#[error("{package} was not inspected to the end")]
struct Stuck<'a> {
    package: &'a Package,
    source: RunError<InspectionError>,
}

#[derive(Debug, thiserror::Error)]
#[error("at most one argument is taken: the lock file")]
struct Usage;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let lock = arguments.next();
    if arguments.next().is_some() {
        terminal::complain(&Usage);
        return ExitCode::from(2);
    }
    let ours = || Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("Cargo.lock");
    match licences(&lock.unwrap_or_else(ours)).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            terminal::complain(&error);
            ExitCode::FAILURE
        }
    }
}

/// Reports on a lock file and says whether every dependency could be inspected.
async fn licences(lock: &Path) -> Result<bool, LicencesError> {
    let packages = lock::read(lock)?;
    let registry = Registry::of_this_user()?;
    let mut report = Report::default();
    for package in packages {
        let Some(source) = package.source.clone() else {
            report.is_own();
            continue;
        };
        let input = InspectionInput {
            package: package.clone(),
            source,
        };
        match Inspection::start(input, Listed).run(&registry).await {
            Ok(end) => report.ended(package, end),
            Err(source) => {
                let stuck = Stuck {
                    package: &package,
                    source,
                };
                terminal::complain(&stuck);
                report.got_stuck(package);
            }
        }
    }
    terminal::print(&report)?;
    Ok(report.is_complete())
}
