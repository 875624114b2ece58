//! A machine that is moved by hand and kept in a file between two commands: an expense claim.
//!
//! Each line is an invocation of its own, and the file is all that they share:
//!
//! ```text
//! cargo run --example by_hand -- new 'Train to the coast' 84.50
//! cargo run --example by_hand -- submit
//! cargo run --example by_hand -- review return 'the receipt is missing'
//! cargo run --example by_hand -- submit 80.00
//! cargo run --example by_hand -- pay 80.00                # refused: it is not approved
//! cargo run --example by_hand -- review approve
//! cargo run --example by_hand -- pay 30.00
//! cargo run --example by_hand -- pay 50.00
//! cargo run --example by_hand -- show
//! ```
//!
//! The file is `stateway-claim.json` in the system's folder for temporary files, or what
//! `--file <path>` before the command says. It holds an `AnyClaim`. A command that is illegal in
//! the claim's state, or a file that holds no claim, is an error with exit code 1, and the file
//! stays as it is; so is `new` while the claim in the file has not come to its end. A wrong command
//! line is exit code 2.
//!
//! Only a user can ask for an illegal move. The program cannot make one: this does not compile,
//! because `pay` does not leave `Draft`.
//!
//! ```compile_fail,E0277
//! let claim = Claim::start(ClaimInput { title }, Draft { amount, remark: None });
//! let claim = claim.pay(|draft| Paid { amount: draft.amount });
//! ```

#[path = "../support/cents.rs"]
mod cents;
mod claim;
mod command;
mod keep;
#[path = "../support/terminal.rs"]
mod terminal;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use cents::Cents;
use claim::{AnyClaim, Claim, ClaimInput, Draft, Refusal, Shown};
use command::{Command, Request, USAGE, UsageError};
use keep::{KeepError, Place};
use terminal::NotPrinted;

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
enum CommandError {
    #[error("no claim is kept in {}: begin one with `new <title> <amount>`", .path.display())]
    Nothing { path: PathBuf },
    #[error(
        "the claim in {} is still `{state}`: bring it to its end, or name another file with `--file`",
        .path.display()
    )]
    Unfinished { path: PathBuf, state: &'static str },
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Keep(#[from] KeepError),
    #[error(transparent)]
    NotPrinted(#[from] NotPrinted),
}

#[derive(Debug, thiserror::Error)]
#[error("{0}; `help` lists the commands")]
struct Misuse(UsageError);

fn main() -> ExitCode {
    let Request { file, command } = match Request::parse(std::env::args_os().skip(1)) {
        Ok(request) => request,
        Err(error) => {
            terminal::complain(&Misuse(error));
            return ExitCode::from(2);
        }
    };
    match obey(command, &file) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            terminal::complain(&error);
            ExitCode::FAILURE
        }
    }
}

fn obey(command: Command, file: &Path) -> Result<(), CommandError> {
    let nothing = || CommandError::Nothing {
        path: file.to_owned(),
    };
    let claim = match command {
        Command::Help => return Ok(terminal::print(&USAGE)?),
        Command::Show => keep::read(file)?.ok_or_else(nothing)?,
        Command::New { title, amount } => {
            let place = Place::lock(file)?;
            begin(&place, file, title, amount)?
        }
        Command::Move(command) => {
            let place = Place::lock(file)?;
            let claim = place.read()?.ok_or_else(nothing)?;
            let claim = claim::carry_out(command, claim)?;
            place.write(&claim)?;
            claim
        }
    };
    Ok(terminal::print(&Shown(&claim))?)
}

/// Begins a claim where there is none, or where the one before has come to its end.
fn begin(
    place: &Place,
    file: &Path,
    title: String,
    amount: Cents,
) -> Result<AnyClaim, CommandError> {
    if let Some(old) = place.read()?
        && !old.state().kind.is_final()
    {
        return Err(CommandError::Unfinished {
            path: file.to_owned(),
            state: old.state().name,
        });
    }
    let draft = Draft {
        amount,
        remark: None,
    };
    let claim = Claim::start(ClaimInput { title }, draft).into();
    place.write(&claim)?;
    Ok(claim)
}
