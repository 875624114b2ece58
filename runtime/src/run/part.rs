//! Names of the parts of a visit, under which their records are stored.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// The name of a part of a visit. It prints as `2/charge` for the visit itself, as `2/charge/undo` for its undo, and as
/// `2/quote/1/air` or `2/quote/1/chunk[3]` for a branch.
///
/// After a crash a run may go another way through states that are not stored, so the number of the visit is not enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartName {
    /// The number of the visit.
    pub(crate) visit: u64,
    /// The name of the transition.
    pub(crate) transition: Cow<'static, str>,
    pub(crate) of: PartOf,
}

/// A part of a visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PartOf {
    /// The visit itself.
    Whole,
    /// The undo of the visit.
    Undo,
    /// A branch, in this attempt of the split: each attempt begins all branches again.
    Branch {
        whole: u32,
        name: Cow<'static, str>,
        /// The position of the item, for a branch of an `each`.
        item: Option<usize>,
    },
}

#[cfg(feature = "durable")]
impl PartOf {
    /// Returns the branch, as it prints, if it is one.
    pub(crate) fn branch(&self) -> Option<String> {
        match self {
            PartOf::Whole | PartOf::Undo => None,
            PartOf::Branch { name, item, .. } => Some(match item {
                None => name.clone().into_owned(),
                Some(item) => format!("{name}[{item}]"),
            }),
        }
    }
}

impl fmt::Display for PartName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.visit, self.transition)?;
        match &self.of {
            PartOf::Whole => Ok(()),
            PartOf::Undo => f.write_str("/undo"),
            PartOf::Branch { whole, name, item } => {
                write!(f, "/{whole}/{name}")?;
                item.map_or(Ok(()), |item| write!(f, "[{item}]"))
            }
        }
    }
}

/// A text that does not name a part.
#[derive(Debug, PartialEq, Eq)]
pub struct NoPart;

impl FromStr for PartName {
    type Err = NoPart;

    fn from_str(text: &str) -> Result<Self, NoPart> {
        let mut texts = text.split('/');
        let visit = number(texts.next())?;
        let transition = texts.next().ok_or(NoPart)?.to_owned().into();
        let of = match (texts.next(), texts.next()) {
            (None, _) => PartOf::Whole,
            (Some("undo"), None) => PartOf::Undo,
            (whole, Some(name)) => {
                let (name, item) = branch(name)?;
                PartOf::Branch {
                    whole: number(whole)?,
                    name: name.to_owned().into(),
                    item,
                }
            }
            (Some(_), None) => return Err(NoPart),
        };
        let part = PartName {
            visit,
            transition,
            of,
        };
        if texts.next().is_some() {
            return Err(NoPart);
        }
        Ok(part)
    }
}

/// Reads the name of a branch, and the position of its item: `air`, or `chunk[3]`.
pub(crate) fn branch(text: &str) -> Result<(&str, Option<usize>), NoPart> {
    match text.strip_suffix(']') {
        None => Ok((text, None)),
        Some(text) => {
            let (name, item) = text.split_once('[').ok_or(NoPart)?;
            Ok((name, Some(number(Some(item))?)))
        }
    }
}

fn number<T: FromStr>(text: Option<&str>) -> Result<T, NoPart> {
    text.and_then(|text| text.parse().ok()).ok_or(NoPart)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_prints() {
        for text in [
            "1/pay",
            "2/pay/undo",
            "3/quote/1/undo",
            "18446744073709551615/quote/4294967295/chunk[7]",
        ] {
            let part: PartName = text.parse().unwrap();
            assert_eq!(part.to_string(), text);
        }
        for text in [
            "",
            "1",
            "x/pay",
            "1/pay/x",
            "1/pay/x/air",
            "1/pay/1/air]",
            "1/pay/1/air[x]",
            "1/pay/undo/1",
            "1/pay/1/air/2",
        ] {
            assert_eq!(text.parse::<PartName>(), Err(NoPart), "{text}");
        }
    }
}
