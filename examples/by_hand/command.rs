//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::cents::Cents;
use crate::claim::{Move, Verdict};

/// The commands as a user types them.
pub(crate) const USAGE: &str = "\
usage: by_hand [--file <path>] <command>

    new <title> <amount>      begin a claim, such as: new 'Train to the coast' 84.50
    submit [<amount>]         hand it in, with another amount if there is one
    review approve
    review return <remark>    hand it back
    review refuse <why>
    pay <amount>              pay all of it or a part
    show
";

/// The command, and its file.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) file: PathBuf,
    pub(crate) command: Command,
}

#[derive(Debug)]
pub(crate) enum Command {
    New { title: String, amount: Cents },
    Move(Move),
    Show,
    Help,
}

/// A command line that asks for nothing known.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum UsageError {
    #[error("a command is missing")]
    NoCommand,
    #[error("`--file` is not followed by the path of a file")]
    NoFile,
    #[error("`{0}` is not a command")]
    Unknown(String),
    #[error("`{0}` does not take these arguments; a text of several words goes in quotes")]
    Arguments(String),
    #[error("`{0}` is not an amount above zero, such as 84.50")]
    Amount(String),
    #[error("an argument is not text: {}", .0.display())]
    NotText(OsString),
}

impl Request {
    /// Reads a command line without the program's name.
    pub(crate) fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Self, UsageError> {
        let mut arguments = arguments.peekable();
        let file = match arguments.next_if(|argument| argument == "--file") {
            Some(_) => {
                let path = arguments.next().map(PathBuf::from);
                let path = path.filter(|path| path.file_name().is_some());
                path.ok_or(UsageError::NoFile)?
            }
            None => std::env::temp_dir().join("stateway-claim.json"),
        };
        let words = arguments.map(|word| word.into_string().map_err(UsageError::NotText));
        let words = words.collect::<Result<Vec<_>, _>>()?;
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        let command = command(&words)?;
        Ok(Request { file, command })
    }
}

fn command(words: &[&str]) -> Result<Command, UsageError> {
    let step = match words {
        ["new", title, sum] => {
            return Ok(Command::New {
                title: (*title).to_owned(),
                amount: amount(sum)?,
            });
        }
        ["show"] => return Ok(Command::Show),
        ["help" | "--help" | "-h"] => return Ok(Command::Help),
        ["submit"] => Move::Submit(None),
        ["submit", sum] => Move::Submit(Some(amount(sum)?)),
        ["review", "approve"] => Move::Review(Verdict::Approve),
        ["review", "return", remark] => Move::Review(Verdict::Return {
            remark: (*remark).to_owned(),
        }),
        ["review", "refuse", why] => Move::Review(Verdict::Refuse {
            why: (*why).to_owned(),
        }),
        ["pay", sum] => Move::Pay(amount(sum)?),
        [] => return Err(UsageError::NoCommand),
        [known @ ("new" | "show" | "submit" | "review" | "pay"), ..] => {
            return Err(UsageError::Arguments((*known).to_owned()));
        }
        [unknown, ..] => return Err(UsageError::Unknown((*unknown).to_owned())),
    };
    Ok(Command::Move(step))
}

fn amount(text: &str) -> Result<Cents, UsageError> {
    cents(text)
        .filter(|cents| cents.0 > 0)
        .ok_or_else(|| UsageError::Amount(text.to_owned()))
}

/// Reads `84` or `84.50`. Digits only: `parse` alone would take a sign.
fn cents(text: &str) -> Option<Cents> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "00"));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() != 2 {
        return None;
    }
    let whole: u64 = whole.parse().ok()?;
    let part: u64 = part.parse().ok()?;
    whole.checked_mul(100)?.checked_add(part).map(Cents)
}
