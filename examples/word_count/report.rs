//! The program's report.

use std::fmt::{self, Display};
use std::path::Path;
use std::time::Duration;

use crate::listing::Skipped;
use crate::process::Reported;

/// So many of a kind are listed by name.
const NAMED: usize = 5;

/// A word is printed up to `n` characters.
const LONG: usize = 40;

/// A folder's words.
pub(crate) struct Report<'a> {
    pub(crate) folder: &'a Path,
    pub(crate) reported: &'a Reported,
    /// On how many threads chunks were counted.
    pub(crate) threads: usize,
    /// The time that one thread took.
    pub(crate) plain: Duration,
}

impl Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Reported {
            listing,
            chunks,
            counts,
            took,
            top,
        } = self.reported;
        writeln!(f, "{}", self.folder.display())?;
        writeln!(f, "{:>12} files of text", listing.files.len())?;
        writeln!(f, "{:>12} bytes", listing.bytes())?;
        writeln!(f, "{:>12} words", counts.total())?;
        writeln!(f, "{:>12} distinct words", counts.distinct())?;
        for (word, count) in top {
            writeln!(f, "{count:>20} {}", shortened(word))?;
        }
        write!(f, "{}", listing.skipped)?;
        let (chunks, threads) = (number(*chunks, "chunk"), number(self.threads, "thread"));
        let (took, plain) = (rounded(*took), rounded(self.plain));
        writeln!(f, "counted in {chunks} on {threads}: {took:?}")?;
        writeln!(f, "counted again in a plain loop: {plain:?}")
    }
}

impl Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let not_text = self.not_text.iter().map(|path| path.display().to_string());
        group(f, "not text", self.not_text.len(), not_text)?;
        let unreadable = &self.unreadable;
        let causes = unreadable
            .iter()
            .map(|it| format!("{}: {}", it.path.display(), it.source));
        group(f, "could not be read", unreadable.len(), causes)?;
        if self.others > 0 {
            writeln!(f, "{:>12} links or special files, not read", self.others)?;
        }
        if self.folders > 0 {
            let folders = self.folders;
            writeln!(
                f,
                "{folders:>12} folders not looked into: hidden, or `target`"
            )?;
        }
        Ok(())
    }
}

/// A count with the first of its members; nothing for an empty group.
fn group(
    f: &mut fmt::Formatter<'_>,
    title: &str,
    count: usize,
    members: impl Iterator<Item = String>,
) -> fmt::Result {
    if count == 0 {
        return Ok(());
    }
    writeln!(f, "{count:>12} {title}")?;
    for member in members.take(NAMED) {
        writeln!(f, "{:12}   {member}", "")?;
    }
    match count.saturating_sub(NAMED) {
        0 => Ok(()),
        more => writeln!(f, "{:12}   and {more} more", ""),
    }
}

/// A word of a length that a line takes: in a file of data it may be a megabyte of digits.
fn shortened(word: &str) -> impl Display {
    let (kept, is_whole) = match word.char_indices().nth(LONG) {
        Some((end, _)) => (&word[..end], false),
        None => (word, true),
    };
    fmt::from_fn(move |f| write!(f, "{kept}{}", if is_whole { "" } else { ".." }))
}

fn number(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

/// To three digits or so: nobody reads the nanoseconds of a second.
fn rounded(duration: Duration) -> Duration {
    let nanos = duration.as_nanos();
    let digits = nanos.checked_ilog10().unwrap_or(0).saturating_sub(2);
    let unit = 10_u128.pow(digits);
    Duration::from_nanos_u128(nanos / unit * unit)
}
