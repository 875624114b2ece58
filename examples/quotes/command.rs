//! The command line: `--seed 7 --symbols 60`.

/// The command line.
pub(crate) struct Command {
    /// The seed of the sources' answers.
    pub(crate) seed: u64,
    /// The number of symbols.
    pub(crate) symbols: u32,
}

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum UsageError {
    #[error("`{option}` is no option: write `--seed <number> --symbols <number>`")]
    Unknown { option: String },
    #[error("`{option}` is followed by a number, not by `{value}`")]
    NoNumber { option: String, value: String },
    #[error("`{option}` is followed by a number")]
    Nothing { option: String },
}

impl Command {
    pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, UsageError> {
        let mut command = Command {
            seed: 1,
            symbols: 12,
        };
        while let Some(option) = arguments.next() {
            match option.as_str() {
                "--seed" => command.seed = number(&option, arguments.next())?,
                "--symbols" => command.symbols = number(&option, arguments.next())?,
                _ => return Err(UsageError::Unknown { option }),
            }
        }
        Ok(command)
    }
}

fn number<T: std::str::FromStr>(option: &str, value: Option<String>) -> Result<T, UsageError> {
    let option = option.to_owned();
    let Some(value) = value else {
        return Err(UsageError::Nothing { option });
    };
    value
        .parse()
        .map_err(|_| UsageError::NoNumber { option, value })
}
