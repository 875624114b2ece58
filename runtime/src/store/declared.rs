//! The workflow that a name belongs to.

use std::collections::HashMap;

use super::{Declaration, Declared};

/// The paths of the workflows that this process has launched, by their names.
#[derive(Debug, Default)]
pub(super) struct Paths(HashMap<String, &'static str>);

impl Paths {
    /// Decides if the declaration is granted. `package` has declared the name before, as the store says.
    pub(super) fn judge(&self, declaration: &Declaration, package: Option<&str>) -> Declared {
        if let Some(path) = self.0.get(&declaration.workflow)
            && *path != declaration.path
        {
            return Declared::OtherPath { path };
        }
        match package {
            Some(package) if package != declaration.package && !declaration.adopts => {
                Declared::OtherPackage {
                    package: package.to_owned(),
                }
            }
            _ => Declared::Granted,
        }
    }

    /// Keeps a declaration that was granted.
    pub(super) fn keep(&mut self, declaration: &Declaration) {
        let name = declaration.workflow.clone();
        self.0.insert(name, declaration.path);
    }
}
