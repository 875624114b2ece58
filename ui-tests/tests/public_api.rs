//! The parts of the public API of `stateway` that can change in a compatible version.
//!
//! The crates whose types and traits it names: a new major version of one is one of ours. And the types that others can make and
//! take apart: a new field or variant of one is a new major version.
//!
//! Read from what rustdoc gives as JSON, which rustc still calls unstable; so this asks for it as a nightly would.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

/// The crates that may be named, beside the standard library and our own.
const NAMED: [&str; 2] = [
    // `Serialize` and `Deserialize` of payloads. Re-exported by `serde`.
    "serde_core",
    // `CancellationToken`.
    "tokio_util",
];

/// Beside them with the feature `testing`.
const NAMED_FOR_TESTS: [&str; 1] = [
    // `StorageBackend`, for a disk that fails.
    "redb",
];

const OURS: [&str; 5] = ["alloc", "core", "std", "stateway_core", "stateway_macros"];

#[test]
#[ignore = "compiles all dependencies again: `.ci/slow` runs it"]
fn the_public_api_names_few_other_crates() {
    assert_eq!(named("redb"), BTreeSet::from(NAMED.map(String::from)));

    let for_tests = NAMED.into_iter().chain(NAMED_FOR_TESTS);
    assert_eq!(named("redb,testing"), for_tests.map(String::from).collect());
}

/// Those that are complete by what they are.
const COMPLETE: [&str; 7] = [
    "Append",
    "Branched",
    "BreakerState",
    "Crash",
    "ReadOnly",
    "Refused",
    "Undoing",
];

/// The records of a run, and what a store is told and tells: it is not to forget a field of them.
const OF_STORES: [&str; 42] = [
    "Beat",
    "Claim",
    "Claimed",
    "Claims",
    "Commit",
    "Created",
    "Declaration",
    "Declared",
    "Delivery",
    "EffectNote",
    "FailedAttempt",
    "Failure",
    "Fence",
    "Fired",
    "Found",
    "Heartbeat",
    "HistoryRow",
    "Hold",
    "IndexEntry",
    "Lease",
    "LeftMessage",
    "LogEntry",
    "LogRow",
    "Message",
    "MessageState",
    "NewRun",
    "Note",
    "NoteRow",
    "Outbox",
    "Parent",
    "Progress",
    "Release",
    "Request",
    "RunRow",
    "Sent",
    "Source",
    "Stop",
    "Suspects",
    "Text",
    "TraceContext",
    "Wait",
    "WorkflowVersions",
];

#[test]
#[ignore = "compiles all dependencies again: `.ci/slow` runs it"]
fn every_type_that_cannot_grow_is_one_that_should_not() {
    let exhaustive = api("redb,testing").exhaustive();
    let decided = COMPLETE.into_iter().chain(OF_STORES);
    assert_eq!(exhaustive, decided.map(String::from).collect());
}

/// The crates that the API names with these features.
fn named(features: &str) -> BTreeSet<String> {
    let named = api(features).named();
    for (name, places) in &named {
        println!("{name}: {places:?}");
    }
    named
        .into_keys()
        .filter(|name| !OURS.contains(&&**name))
        .collect()
}

fn api(features: &str) -> Api {
    // One at a time: they share a folder.
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    // A folder of its own: the pages of the other documentation stay, and the builds do not wait for each other.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("public-crates");
    let status = Command::new(env!("CARGO"))
        .args(["rustdoc", "-q", "-p", "stateway", "--locked"])
        .args(["--no-default-features", "--features", features])
        .arg("--target-dir")
        .arg(&target)
        .args(["--", "-Z", "unstable-options", "--output-format", "json"])
        .env("RUSTC_BOOTSTRAP", "1")
        .current_dir(root)
        .status()
        .expect("cargo can be called");
    assert!(status.success(), "rustdoc has failed");
    let json = std::fs::read(target.join("doc/stateway.json")).expect("rustdoc has written it");
    Api(serde_json::from_slice(&json).expect("it is JSON"))
}

/// The API as rustdoc has it: items by number.
struct Api(Value);

impl Api {
    /// Each crate that is named, with the places.
    fn named(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut named: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        self.visit(&mut |item| {
            let owner = item["name"].as_str().unwrap_or("impl");
            self.names(&item["inner"], &mut |of, path| {
                named
                    .entry(of)
                    .or_default()
                    .insert(format!("{owner}: {path}"));
            });
        });
        named
    }

    /// The names of the structs and enums that another crate can make, or match, completely.
    fn exhaustive(&self) -> BTreeSet<String> {
        let mut exhaustive = BTreeSet::new();
        self.visit(&mut |item| {
            let inner = &item["inner"];
            let plain = &inner["struct"]["kind"]["plain"];
            let is_open = plain["fields"].as_array().is_some_and(|fields| {
                !fields.is_empty() && plain["has_stripped_fields"] == Value::Bool(false)
            });
            let is_enum = !inner["enum"].is_null();
            let can_grow = item["attrs"].to_string().contains("non_exhaustive");
            if (is_open || is_enum) && !can_grow {
                exhaustive.extend(item["name"].as_str().map(str::to_owned));
            }
        });
        exhaustive
    }

    /// Shows every public item of ours.
    fn visit(&self, show: &mut impl FnMut(&Value)) {
        let mut open = vec![self.0["root"].clone()];
        let mut seen = BTreeSet::new();
        while let Some(id) = open.pop() {
            // The index has no private or hidden items.
            let item = &self.0["index"][id.to_string()];
            let inner = &item["inner"];
            let is_new = !item.is_null() && seen.insert(id.to_string());
            if is_new && !is_derived_for_all(inner) {
                members(inner, &mut open);
                show(item);
            }
        }
    }

    /// Every path in the signature of an item, with its crate.
    fn names(&self, value: &Value, tell: &mut impl FnMut(String, String)) {
        match value {
            Value::Object(fields) => {
                if let (Some(id), Some(_)) = (fields.get("id"), fields.get("path")) {
                    let path = &self.0["paths"][id.to_string()];
                    let number = path["crate_id"].as_u64();
                    let is_hidden = path["path"].to_string().contains("__private");
                    if let Some(number) = number.filter(|number| *number != 0 && !is_hidden) {
                        let of = &self.0["external_crates"][number.to_string()]["name"];
                        let of = of.as_str().expect("a crate has a name").to_owned();
                        tell(of, path["path"].to_string());
                    }
                }
                fields.values().for_each(|field| self.names(field, tell));
            }
            Value::Array(values) => values.iter().for_each(|value| self.names(value, tell)),
            _ => {}
        }
    }
}

/// An implementation that every type has, or that rustc writes: `impl<T> From<T> for T`, `Send`.
fn is_derived_for_all(inner: &Value) -> bool {
    let implementation = &inner["impl"];
    implementation["is_synthetic"] == Value::Bool(true) || !implementation["blanket_impl"].is_null()
}

/// The items that belong to one: of a module, a type, a trait or an implementation.
fn members(inner: &Value, open: &mut Vec<Value>) {
    for kind in [
        "module", "struct", "enum", "union", "trait", "impl", "variant", "use",
    ] {
        let item = &inner[kind];
        for list in ["items", "impls", "variants", "fields"] {
            open.extend(item[list].as_array().into_iter().flatten().cloned());
        }
        for shape in ["plain", "tuple", "struct"] {
            let fields = &item["kind"][shape];
            let fields = fields.as_array().or_else(|| fields["fields"].as_array());
            open.extend(fields.into_iter().flatten().cloned());
        }
        if kind == "use" {
            open.push(item["id"].clone());
        }
    }
}
