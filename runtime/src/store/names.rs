//! The names of the values of a closed set, in texts and in serde.

use std::error::Error;
use std::fmt;

use super::{FailureKind, Status, Stop};

/// The error of a text that is none of the names of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownName {
    /// The text.
    pub text: String,
    /// A noun phrase for the values of the set.
    pub what: &'static str,
    /// The names of the set.
    pub known: &'static [&'static str],
}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let UnknownName { text, what, known } = self;
        write!(
            f,
            "`{text}` is no {what}: it is one of `{}`",
            known.join("`, `")
        )
    }
}

impl Error for UnknownName {}

macro_rules! names {
    ($($type:ident, $what:literal { $($variant:ident $name:literal,)* })*) => {$(
        impl $type {
            /// Returns its name, as it prints and as serde writes it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $($type::$variant => $name,)*
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.name())
            }
        }

        impl std::str::FromStr for $type {
            type Err = UnknownName;

            fn from_str(text: &str) -> Result<Self, UnknownName> {
                match text {
                    $($name => Ok($type::$variant),)*
                    _ => Err(UnknownName {
                        text: text.to_owned(),
                        what: $what,
                        known: &[$($name,)*],
                    }),
                }
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

names! {
    Status, "status of a run" {
        Running "running",
        RollingBack "rolling_back",
        Parked "parked",
        Paused "paused",
        Done "done",
        Failed "failed",
        Cancelled "cancelled",
        Terminated "terminated",
    }
    Stop, "way to stop a run" {
        Cancel "cancel",
        Terminate "terminate",
    }
    FailureKind, "kind of failure" {
        Handler "handler",
        Join "join",
        Panic "panic",
        Timeout "timeout",
        Deadline "deadline",
        BreakerOpen "breaker_open",
        Policy "policy",
        Crashed "crashed",
        Cancelled "cancelled",
        Terminated "terminated",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_is_written() {
        let json = serde_json::to_string(&[Status::RollingBack, Status::Done]).unwrap();
        assert_eq!(json, r#"["rolling_back","done"]"#);
        let read: Vec<Status> = serde_json::from_str(&json).unwrap();
        assert_eq!(read, [Status::RollingBack, Status::Done]);
        assert_eq!("breaker_open".parse(), Ok(FailureKind::BreakerOpen));
        assert_eq!(format!("{:>8}|", Stop::Cancel), "  cancel|");
        assert_eq!(
            "stop".parse::<Stop>().unwrap_err().to_string(),
            "`stop` is no way to stop a run: it is one of `cancel`, `terminate`"
        );
        assert!(serde_json::from_str::<Status>("\"Done\"").is_err());
    }
}
