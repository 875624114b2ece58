//! The inspection of one dependency, and the handlers that look at the disk.

use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use stateway::prelude::*;

use crate::expression::Expression;
use crate::lock::{Package, Source};

workflow! {
    /// One dependency, from its line in the lock file to its licence.
    #[derive(Debug)]
    pub(crate) workflow Inspection {
        input { package: Package, source: Source }

        start  Listed;
        state  Located { manifest: PathBuf };
        state  Opened { license: Option<Box<str>>, license_file: Option<PathBuf> };
        done   Licensed { expression: Expression };
        done   LicensedByFile { file: PathBuf };
        failed Unlicensed;
        /// Cargo downloads what it builds: a dependency of another platform is not on this machine.
        failed NotDownloaded;
        /// A git dependency.
        failed NotFromRegistry { source: Source };

        step locate: Listed -> Located | NotDownloaded | NotFromRegistry;
        step open: Located -> Opened;
        step judge: Opened -> Licensed | LicensedByFile | Unlicensed;
    }
}

/// The context: where cargo keeps what it has unpacked.
#[derive(Debug)]
pub(crate) struct Registry {
    /// A folder for each registry, with a folder `<name>-<version>` for each package.
    roots: Vec<PathBuf>,
}

/// The registry's sources cannot be found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum RegistryError {
    #[error("neither CARGO_HOME nor a home directory is known: set CARGO_HOME")]
    NoCargoHome,
    #[error("cannot list the registry sources in {}: `cargo fetch` brings them", .path.display())]
    List { path: PathBuf, source: io::Error },
}

/// A dependency that is there and cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum InspectionError {
    #[error("cannot look for {}", .path.display())]
    Look { path: PathBuf, source: io::Error },
    #[error("cannot read {}", .path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{} is not a manifest", .path.display())]
    Parse {
        path: PathBuf,
        source: Box<toml::de::Error>,
    },
}

/// The part of a manifest that is read. Cargo has resolved `license.workspace` when it packed the package.
#[derive(Deserialize)]
struct Manifest {
    package: Fields,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Fields {
    license: Option<Box<str>>,
    license_file: Option<PathBuf>,
}

impl Registry {
    /// The registry sources of this user: in `$CARGO_HOME`, or in `.cargo` of the home directory.
    pub(crate) fn of_this_user() -> Result<Self, RegistryError> {
        let cargo = std::env::var_os("CARGO_HOME")
            .filter(|path| !path.is_empty())
            .map(PathBuf::from)
            .or_else(|| Some(std::env::home_dir()?.join(".cargo")))
            .ok_or(RegistryError::NoCargoHome)?;
        let path = cargo.join("registry").join("src");
        let roots = list(&path).map_err(|source| RegistryError::List { path, source })?;
        Ok(Registry { roots })
    }
}

fn list(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder)?;
    entries.map(|entry| Ok(entry?.path())).collect()
}

// The handlers block: one run after the other is all this program does, so nothing waits for them.
impl InspectionSteps for Registry {
    type Error = InspectionError;

    async fn locate(&self, _: Listed, step: &Step<Locate>) -> Result<Locate, InspectionError> {
        let InspectionInput { package, source } = step.input();
        if !source.is_registry() {
            let source = source.clone();
            return Ok(step.to(NotFromRegistry { source }));
        }
        let folder = format!("{}-{}", package.name, package.version);
        for root in &self.roots {
            let manifest = root.join(&folder).join("Cargo.toml");
            match manifest.try_exists() {
                Ok(true) => return Ok(step.to(Located { manifest })),
                Ok(false) => {}
                Err(source) => {
                    let path = manifest;
                    return Err(InspectionError::Look { path, source });
                }
            }
        }
        Ok(step.to(NotDownloaded))
    }

    async fn open(&self, located: Located, step: &Step<Open>) -> Result<Open, InspectionError> {
        let path = located.manifest;
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(source) => return Err(InspectionError::Read { path, source }),
        };
        match toml::from_str::<Manifest>(&text) {
            Ok(Manifest { package }) => Ok(step.to(Opened {
                license: package.license,
                license_file: package.license_file,
            })),
            Err(source) => Err(InspectionError::Parse {
                path,
                source: Box::new(source),
            }),
        }
    }

    async fn judge(&self, opened: Opened, step: &Step<Judge>) -> Result<Judge, InspectionError> {
        let written = opened.license.filter(|license| !license.trim().is_empty());
        Ok(match (written, opened.license_file) {
            (Some(license), _) => step.to(Licensed {
                expression: Expression::new(&license),
            }),
            (None, Some(file)) => step.to(LicensedByFile { file }),
            (None, None) => step.to(Unlicensed),
        })
    }
}
