//! Output of the examples: results on standard output, errors with their causes on standard error.
//!
//! `println!` panics where the reader has gone, as in `.. | head -1`; these do not.

use std::error::Error;
use std::fmt::{self, Display};
use std::io::{self, Write};

/// Standard output did not take a result.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the result to standard output")]
pub(crate) struct NotPrinted(#[from] io::Error);

/// Prints a result.
///
/// # Errors
/// [`NotPrinted`] if it cannot be written, as on a full disk. A reader that has gone is no error:
/// it has read what it wanted.
pub(crate) fn print(result: &impl Display) -> Result<(), NotPrinted> {
    let mut output = io::stdout().lock();
    match write!(output, "{result}").and_then(|()| output.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Prints an error and what caused it, one cause a line.
pub(crate) fn complain(error: &dyn Error) {
    // Where standard error is closed, the exit code still tells.
    let _ = write!(io::stderr().lock(), "{}", Chain(error));
}

struct Chain<'a>(&'a dyn Error);

impl Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "error: {}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            // A parser's message may show the lines that it is about.
            let message = error.to_string().trim_end().replace('\n', "\n    ");
            writeln!(f, "  caused by: {message}")?;
            cause = error.source();
        }
        Ok(())
    }
}
