//! The command line.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The command line.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) task: Task,
    /// Where runs and books are.
    pub(crate) folder: PathBuf,
    /// The time that a step takes.
    pub(crate) pause: Duration,
}

#[derive(Debug)]
pub(crate) enum Task {
    Run { orders: PathBuf, is_fresh: bool },
    List,
    Show(String),
}

/// Why a command line means nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum CommandError {
    #[error(
        "`{0}` is no option: there are --list, --show ID, --fresh, --orders FILE, --in FOLDER, --pause MS"
    )]
    Unknown(String),
    #[error("`{0}` needs a value behind it")]
    NoValue(&'static str),
    #[error("`{0}` is no number of milliseconds")]
    NoNumber(String),
    #[error("--list, --show and --fresh do not go together")]
    TooMuch,
}

impl Command {
    pub(crate) fn read(words: impl Iterator<Item = OsString>) -> Result<Self, CommandError> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut orders = here.join("order/orders.jsonl");
        let mut folder = here.with_file_name("target").join("orders_durable");
        let mut pause = Duration::from_millis(20);
        let (mut is_list, mut is_fresh, mut shown) = (false, false, None);
        let mut words = words;
        while let Some(word) = words.next() {
            let text = word.to_string_lossy().into_owned();
            let mut value = |of| words.next().ok_or(CommandError::NoValue(of));
            match &*text {
                "--list" => is_list = true,
                "--fresh" => is_fresh = true,
                "--show" => shown = Some(value("--show")?.to_string_lossy().into_owned()),
                "--orders" => orders = value("--orders")?.into(),
                "--in" => folder = value("--in")?.into(),
                "--pause" => {
                    let given = value("--pause")?.to_string_lossy().into_owned();
                    let number = given.parse().map_err(|_| CommandError::NoNumber(given))?;
                    pause = Duration::from_millis(number);
                }
                _ => return Err(CommandError::Unknown(text)),
            }
        }
        let task = match (is_list, is_fresh, shown) {
            (false, is_fresh, None) => Task::Run { orders, is_fresh },
            (true, false, None) => Task::List,
            (false, false, Some(id)) => Task::Show(id),
            _ => return Err(CommandError::TooMuch),
        };
        Ok(Command {
            task,
            folder,
            pause,
        })
    }
}
