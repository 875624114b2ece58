//! Reads back what criterion measured, to print ratios.

use std::path::PathBuf;

/// The median time of one iteration, in nanoseconds, as measured in this run.
///
/// # Panics
/// If criterion has not measured it, as with a filter on the command line.
pub(crate) fn median(group: &str, name: &str) -> f64 {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target")),
        PathBuf::from,
    );
    let file = target
        .join("criterion")
        .join(group)
        .join(name)
        .join("new/estimates.json");
    let text = std::fs::read_to_string(&file)
        .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let estimates: serde_json::Value = serde_json::from_str(&text).expect("criterion writes JSON");
    estimates["median"]["point_estimate"]
        .as_f64()
        .expect("criterion estimates a median")
}
