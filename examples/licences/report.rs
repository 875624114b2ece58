//! The findings, by licence.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::{self, Display};

use crate::expression::Expression;
use crate::inspection::{InspectionEnd, Licensed, LicensedByFile, NotFromRegistry};
use crate::lock::Package;

/// The dependencies, by how their inspection ended.
#[derive(Debug, Default)]
pub(crate) struct Report {
    own: usize,
    licensed: BTreeMap<Expression, Vec<Package>>,
    by_file: Vec<Box<str>>,
    unlicensed: Vec<Package>,
    not_downloaded: Vec<Package>,
    not_from_registry: Vec<Box<str>>,
    unreadable: Vec<Package>,
}

impl Report {
    pub(crate) fn is_own(&mut self) {
        self.own += 1;
    }

    pub(crate) fn ended(&mut self, package: Package, end: InspectionEnd) {
        match end {
            InspectionEnd::Licensed(Licensed { expression }) => {
                self.licensed.entry(expression).or_default().push(package);
            }
            InspectionEnd::LicensedByFile(LicensedByFile { file }) => {
                let entry = format!("{package} ({})", file.display());
                self.by_file.push(entry.into());
            }
            InspectionEnd::Unlicensed(_) => self.unlicensed.push(package),
            InspectionEnd::NotDownloaded(_) => self.not_downloaded.push(package),
            InspectionEnd::NotFromRegistry(NotFromRegistry { source }) => {
                let entry = format!("{package} ({source})");
                self.not_from_registry.push(entry.into());
            }
        }
    }

    pub(crate) fn got_stuck(&mut self, package: Package) {
        self.unreadable.push(package);
    }

    /// Returns true if every inspection came to an end.
    pub(crate) fn is_complete(&self) -> bool {
        self.unreadable.is_empty()
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut groups: Vec<_> = self.licensed.iter().collect();
        groups.sort_by_key(|(_, packages)| Reverse(packages.len()));
        for (expression, packages) in groups {
            group(f, expression, packages)?;
        }
        group(f, &"no licence expression, but a file", &self.by_file)?;
        group(f, &"no licence at all", &self.unlicensed)?;
        group(f, &"not on this machine", &self.not_downloaded)?;
        group(f, &"not from a registry", &self.not_from_registry)?;
        group(f, &"could not be read", &self.unreadable)?;

        let licensed: usize = self.licensed.values().map(Vec::len).sum();
        let without = self.by_file.len() + self.unlicensed.len();
        let unseen = self.not_downloaded.len() + self.not_from_registry.len();
        writeln!(
            f,
            "{} dependencies: {licensed} with a licence expression, {without} without, \
             {unseen} not looked into, {} unreadable; besides, {} of our own",
            licensed + without + unseen + self.unreadable.len(),
            self.unreadable.len(),
            self.own
        )
    }
}

/// A title with its count, and the members below; nothing for an empty group.
fn group(
    f: &mut fmt::Formatter<'_>,
    title: &impl Display,
    members: &[impl Display],
) -> fmt::Result {
    const WIDTH: usize = 96;
    const INDENT: &str = "     ";

    if members.is_empty() {
        return Ok(());
    }
    writeln!(f, "{:>4} {title}", members.len())?;
    let mut line = String::from(INDENT);
    for (position, member) in members.iter().enumerate() {
        let comma = if position + 1 < members.len() {
            ","
        } else {
            ""
        };
        let entry = format!("{member}{comma}");
        if line.len() > INDENT.len() && line.len() + 1 + entry.len() > WIDTH {
            writeln!(f, "{line}")?;
            line.truncate(INDENT.len());
        }
        if line.len() > INDENT.len() {
            line.push(' ');
        }
        line.push_str(&entry);
    }
    writeln!(f, "{line}\n")
}
