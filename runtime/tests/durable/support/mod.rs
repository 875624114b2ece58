//! Contexts, workflows and stores that several tests share.

#[macro_use]
mod passed_on;

#[path = "../../shared/rounds.rs"]
mod rounds;

pub(crate) mod bank;
pub(crate) mod cut;
pub(crate) mod disk;
pub(crate) mod journey;
pub(crate) mod late;
pub(crate) mod shop;
pub(crate) mod stopped;
pub(crate) mod tower;
pub(crate) mod trade;
pub(crate) mod walk;

pub(crate) use rounds::rounds;

/// Arguments with which this program runs nothing but one of its tests, in this module: `module_path!()`.
pub(crate) fn only(module: &str, test: &str) -> [String; 3] {
    let (_program, folders) = module.split_once("::").expect("a test is in a module");
    let test = format!("{folders}::{test}");
    ["--exact".to_owned(), test, "--nocapture".to_owned()]
}
