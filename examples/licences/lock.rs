//! Reads `Cargo.lock`.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// A package as the lock file names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: Box<str>,
    pub(crate) version: Box<str>,
    /// Where cargo gets it from; members of the workspace and path dependencies have none.
    pub(crate) source: Option<Source>,
}

/// Where cargo gets a package from, such as `registry+` and the address of an index.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(transparent)]
pub(crate) struct Source(Box<str>);

/// A lock file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum LockError {
    #[error("cannot read the lock file {}", .path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{} is not a lock file of cargo", .path.display())]
    Parse {
        path: PathBuf,
        source: Box<toml::de::Error>,
    },
}

#[derive(Deserialize)]
struct Lock {
    package: Vec<Package>,
}

/// The packages of a lock file, in its order.
pub(crate) fn read(path: &Path) -> Result<Vec<Package>, LockError> {
    let text = std::fs::read_to_string(path).map_err(|source| LockError::Read {
        path: path.to_owned(),
        source,
    })?;
    let lock: Lock = toml::from_str(&text).map_err(|source| LockError::Parse {
        path: path.to_owned(),
        source: Box::new(source),
    })?;
    Ok(lock.package)
}

impl Source {
    /// Returns true if it is a registry: git dependencies are kept elsewhere, in another layout.
    pub(crate) fn is_registry(&self) -> bool {
        self.0.starts_with("registry+") || self.0.starts_with("sparse+")
    }
}

impl fmt::Display for Package {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.version)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
