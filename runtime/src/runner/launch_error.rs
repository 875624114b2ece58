//! The error of a launch.

use std::error::Error;
use std::fmt;

use crate::store::{Declaration, Declared, StoreError};

/// Why a runner was not launched. No run has changed.
///
/// ```
#[doc = include_str!("example.md")]
/// use stateway::LaunchError;
///
/// let builder = Runner::<Order>::builder(Shop).store(MemoryStore::new());
/// let runner = match builder.launch().await {
///     Ok(runner) => runner,
///     // This program is not to touch the runs of the other one.
///     Err(LaunchError::OtherPackage { name, other, .. }) => panic!("`{name}` belongs to `{other}`"),
///     Err(error) => return Err(error.into()),
/// };
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum LaunchError {
    /// Another package has declared a workflow whose runs this store keeps under the same name.
    OtherPackage {
        /// The name that runs are stored under.
        name: String,
        /// The package of this workflow.
        package: String,
        /// The package that has declared the name before.
        other: String,
    },
    /// Another workflow of this program stores its runs under the same name.
    OtherWorkflow {
        /// The name that runs are stored under.
        name: String,
        /// The path of this workflow.
        path: &'static str,
        /// The path of the other workflow.
        other: &'static str,
    },
    /// The store did not answer.
    Store(StoreError),
}

impl LaunchError {
    pub(super) fn refused(declaration: Declaration, declared: Declared) -> Self {
        let Declaration {
            workflow: name,
            package,
            path,
            ..
        } = declaration;
        match declared {
            Declared::OtherPackage { package: other } => LaunchError::OtherPackage {
                name,
                package,
                other,
            },
            Declared::OtherPath { path: other } => LaunchError::OtherWorkflow { name, path, other },
            Declared::Granted => unreachable!("what was granted is not refused"),
        }
    }
}

impl fmt::Display for LaunchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LaunchError::OtherPackage {
                name,
                package,
                other,
            } => write!(
                f,
                "package `{package}` launches a workflow whose runs are stored as `{name}`, and in this store that is \
                 the name of a workflow of package `{other}`: store its runs under a name of their own, \
                 `#[durable(version = .., name = \"{package}.{name}\")]`, or, if `{other}` has become `{package}`, call \
                 `.adopt()` before `.launch()`"
            ),
            LaunchError::OtherWorkflow { name, path, other } => write!(
                f,
                "the runs of `{path}` are stored as `{name}`, and so are those of `{other}`, which this program has \
                 launched on the same store: give one of them a name of its own, \
                 `#[durable(version = .., name = \"..\")]`"
            ),
            LaunchError::Store(_) => {
                f.write_str("the runner cannot be launched: the store does not answer")
            }
        }
    }
}

impl Error for LaunchError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            LaunchError::Store(error) => Some(error),
            _ => None,
        }
    }
}

impl From<StoreError> for LaunchError {
    fn from(error: StoreError) -> Self {
        LaunchError::Store(error)
    }
}
