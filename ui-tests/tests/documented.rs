//! Every public item has an example where somebody needs one, and says how it fails.
//!
//! Run it to see what lacks one: `cargo test -p stateway-ui-tests --test documented -- --ignored --nocapture`. Like
//! `public_api`, it reads what rustdoc gives as JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Items without an example, fallible functions without `# Errors`, and async ones without `# Cancel safety`. They only ever fall.
const WITHOUT: [usize; 3] = [0, 0, 0];

/// Implemented, or made, by generated code alone.
const OF_GENERATED_CODE: [&str; 21] = [
    "stateway::Answer",
    "stateway::Applies",
    "stateway::ClauseNumber",
    "stateway::ClauseTime",
    "stateway::Durable",
    "stateway::IndexField",
    "stateway::IntoRunId",
    "stateway::RecordedAnswer",
    "stateway::Signals",
    "stateway::log::Logs",
    "stateway::runner::Handles",
    "stateway::runner::StoredError",
    "stateway_core::LentPayload",
    "stateway_core::LogPayload",
    "stateway_core::OutputPayload",
    "stateway_core::Payload",
    "stateway_core::SharedPayload",
    "stateway_core::StartState",
    "stateway_core::State",
    "stateway_core::Transition",
    "stateway_core::Workflow",
];

/// For those who write a store, beside what follows. The page of the trait `Store` shows them.
const OF_STORES: [&str; 2] = ["stateway::store::", "stateway::testing::"];

/// In the same module, and for everybody.
const OF_ALL: [&str; 7] = [
    "stateway::store::Durability",
    "stateway::store::Event",
    "stateway::store::HistoryRow",
    "stateway::store::IntegrityReport",
    "stateway::store::Purge",
    "stateway::store::RedbOptions",
    "stateway::store::Status",
];

/// Each function of these has an example too: a newcomer calls them.
const CALLED: [&str; 24] = [
    "stateway::Branch",
    "stateway::Breaker",
    "stateway::Clock",
    "stateway::Limiter",
    "stateway::MemoryStore",
    "stateway::Permit",
    "stateway::RedbStore",
    "stateway::RunError",
    "stateway::RunId",
    "stateway::Runner",
    "stateway::Runners",
    "stateway::Running",
    "stateway::SentMessage",
    "stateway::SentSignal",
    "stateway::Signal",
    "stateway::Step",
    "stateway::Undo",
    "stateway::log::Log",
    "stateway::prelude::Filter",
    "stateway::runner::Builder",
    "stateway::runner::Run",
    "stateway::runner::Start",
    "stateway::store::RedbOptions",
    "stateway_core::Machine",
];

#[test]
#[ignore = "runs rustdoc: `.ci/run` calls it"]
fn every_public_item_says_what_its_callers_need() {
    let crates = [
        ("stateway-core", ""),
        ("stateway", "redb,testing,jiff,chrono"),
    ];
    let apis = crates.map(|(package, features)| Api::of(package, features));
    let items: Vec<_> = apis.iter().flat_map(Api::items).collect();
    let lacking = |what: &str, needs: &dyn Fn(&str, &Value) -> bool| {
        let needing: Vec<_> = items.iter().filter(|(path, it)| needs(path, it)).collect();
        let docs = |item: &Value| item["docs"].as_str().unwrap_or_default().to_owned();
        let lacking = needing.iter().filter(|(_, it)| !docs(it).contains(what));
        let lacking: Vec<_> = lacking.map(|(path, _)| path).collect();
        for path in &lacking {
            println!("{path}");
        }
        println!("{} of {} have no {what}", lacking.len(), needing.len());
        lacking.len()
    };
    let examples = lacking("```", &|path, _| needs_an_example(path));
    let errors = lacking("# Errors", &|_, item| {
        let output = &item["inner"]["function"]["sig"]["output"]["resolved_path"];
        output["path"]
            .as_str()
            .is_some_and(|path| path.ends_with("Result"))
    });
    let cancel_safety = lacking("# Cancel safety", &|_, item| {
        item["inner"]["function"]["header"]["is_async"] == Value::Bool(true)
    });
    assert_eq!([examples, errors, cancel_safety], WITHOUT);
}

/// Takes `struct stateway::Runner`, or `function stateway::Runner::start`.
fn needs_an_example(item: &str) -> bool {
    let (kind, path) = item.split_once(' ').expect("a kind and a path");
    if kind == "function" {
        let of = path.rsplit_once("::").map_or("", |(of, _)| of);
        return CALLED.contains(&of);
    }
    let is_of_stores = OF_STORES.iter().any(|module| path.starts_with(module));
    !OF_GENERATED_CODE.contains(&path) && (!is_of_stores || OF_ALL.contains(&path))
}

/// The items of a crate by number, as rustdoc has them.
struct Api(Value);

impl Api {
    fn of(package: &str, features: &str) -> Api {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("..");
        let status = Command::new(env!("CARGO"))
            .args(["rustdoc", "-q", "--lib", "--locked", "-p", package])
            .args(["--no-default-features", "--features", features])
            .arg("--target-dir")
            .arg(&target)
            .args(["--", "-Z", "unstable-options", "--output-format", "json"])
            .env("RUSTC_BOOTSTRAP", "1")
            .current_dir(root)
            .status();
        assert!(status.expect("cargo can be called").success());
        let file = format!("doc/{}.json", package.replace('-', "_"));
        let json = std::fs::read(target.join(file)).expect("rustdoc has written it");
        Api(serde_json::from_slice(&json).expect("it is JSON"))
    }

    /// Public types and functions, by their paths.
    fn items(&self) -> BTreeMap<String, &Value> {
        let mut items = BTreeMap::new();
        let mut open = vec![(self.0["root"].clone(), String::new())];
        let mut seen = BTreeSet::new();
        while let Some((id, within)) = open.pop() {
            // The index has no private or hidden items.
            let item = &self.0["index"][id.to_string()];
            if item.is_null() || !seen.insert(id.to_string()) {
                continue;
            }
            let name = item["name"].as_str().unwrap_or_default();
            let inner = &item["inner"];
            let path = match (within.as_str(), name) {
                (_, "") => within.clone(),
                ("", name) => name.to_owned(),
                (within, name) => format!("{within}::{name}"),
            };
            let (kind, _) = inner
                .as_object()
                .and_then(|it| it.iter().next())
                .expect("it is something");
            match kind.as_str() {
                "module" => for_each(&inner["module"]["items"], &path, &mut open),
                "use" => open.push((inner["use"]["id"].clone(), within.clone())),
                "impl" => {
                    let is_own = inner["impl"]["trait"].is_null();
                    if is_own {
                        for_each(&inner["impl"]["items"], &within, &mut open);
                    }
                }
                kind @ ("struct" | "enum" | "union" | "trait") => {
                    for_each(&inner[kind]["impls"], &path, &mut open);
                    for_each(&inner[kind]["items"], &path, &mut open);
                    items.insert(format!("{kind} {path}"), item);
                }
                "function" | "macro" | "proc_macro" => {
                    items.insert(format!("{kind} {path}"), item);
                }
                _ => {}
            }
        }
        items
    }
}

fn for_each(ids: &Value, within: &str, open: &mut Vec<(Value, String)>) {
    let ids = ids.as_array().into_iter().flatten();
    open.extend(ids.map(|id| (id.clone(), within.to_owned())));
}
