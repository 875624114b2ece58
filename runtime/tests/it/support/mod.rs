//! Contexts, workflows and stores that several tests share.

#[cfg(all(feature = "redb", feature = "testing"))]
#[macro_use]
mod passed_on;

#[cfg(all(feature = "redb", feature = "testing"))]
pub(crate) mod cut;
pub(crate) mod desk;
#[cfg(all(feature = "redb", feature = "testing"))]
pub(crate) mod disk;
#[cfg(all(feature = "redb", feature = "testing"))]
pub(crate) mod journey;
pub(crate) mod lab;
#[cfg(all(feature = "redb", feature = "testing"))]
pub(crate) mod late;
pub(crate) mod order;
#[cfg(all(feature = "redb", feature = "testing"))]
pub(crate) mod shop;
#[cfg(all(feature = "redb", feature = "testing"))]
pub(crate) mod stopped;
#[cfg(all(feature = "redb", feature = "testing"))]
pub(crate) mod tower;
#[cfg(all(feature = "redb", feature = "testing"))]
pub(crate) mod walk;

/// Arguments with which this program runs nothing but one of its tests, in this module: `module_path!()`.
#[cfg(all(feature = "redb", feature = "testing"))]
pub(crate) fn only(module: &str, test: &str) -> [String; 3] {
    let (_program, folders) = module.split_once("::").expect("a test is in a module");
    let test = format!("{folders}::{test}");
    ["--exact".to_owned(), test, "--nocapture".to_owned()]
}
