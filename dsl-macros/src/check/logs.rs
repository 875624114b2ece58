//! Rules of logs: each is a method of what handlers see of a run, and of the handle of a stored one.

use std::collections::HashMap;

use proc_macro2::Ident;

use crate::ast::{is_borrowed, plain};
use crate::diagnostics::{Diagnostics, position};
use crate::graph::{Graph, HANDLE_METHODS};

/// The methods of `Step`, `Branch` and `Undo`.
const SEEN: [&str; 10] = [
    "to",
    "input",
    "key",
    "attempt",
    "run_id",
    "cancellation",
    "index",
    "name",
    "done",
    "log",
];

pub(super) fn check(graph: &Graph<'_>, diagnostics: &mut Diagnostics) {
    let mut first_of: HashMap<String, &Ident> = HashMap::new();
    for log in &graph.ast.logs {
        let (name, text) = (&log.name, plain(&log.name));
        if let Some(first) = first_of.get(&text) {
            diagnostics
                .error(name, format!("log `{name}` is declared twice"))
                .note(format!("first declared at {}", position(first.span())));
            continue;
        }
        first_of.insert(text.clone(), name);
        let mut transitions = graph.transitions.iter().map(|it| it.declaration);
        let signal = transitions.find(|it| it.signal().is_some() && plain(&it.name) == text);
        if text.starts_with(char::is_uppercase) {
            diagnostics
                .error(
                    name,
                    format!("log `{name}` becomes a method and is not named like one"),
                )
                .help(format!("write `{}`", text.to_lowercase()));
        } else if SEEN.contains(&text.as_str()) || HANDLE_METHODS.contains(&text.as_str()) {
            diagnostics
                .error(
                    name,
                    format!("log `{name}` is named like a method of a `Step` or of a run"),
                )
                .help(format!("choose another name, such as `{text}_log`"));
        } else if let Some(signal) = signal {
            diagnostics
                .error(
                    name,
                    format!("log `{name}` and signal `{name}` are both methods of a run"),
                )
                .note(format!(
                    "signal `{name}` is declared at {}",
                    position(signal.name.span())
                ))
                .help(format!("choose another name, such as `{text}_log`"));
        }
        if graph.ast.attributes.durable.is_some() && is_borrowed(&log.entry) {
            diagnostics
                .error(
                    &log.entry,
                    format!("log `{name}` is stored, and has nobody to borrow from when it is read again"),
                )
                .help("own the data, such as `String` in place of `&str`, or remove `#[durable]`");
        }
    }
}
