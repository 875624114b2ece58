//! Rule: a split has branches that can be joined as it says.

use proc_macro2::Ident;

use crate::ast::{Branch, Count, Each, Given, Join, Split, Strategy, TransitionKind, type_name};
use crate::diagnostics::{Diagnostics, position};
use crate::graph::{Graph, ResolvedTransition};

pub(super) fn check(graph: &Graph<'_>, diagnostics: &mut Diagnostics) {
    for transition in &graph.transitions {
        let TransitionKind::Split(split) = &transition.declaration.kind else {
            continue;
        };
        for branch in &split.branches {
            if let Some(each) = &branch.each {
                bound(each, diagnostics);
            }
        }
        // A line that could not be read may have been the branch that is missing.
        if !split.is_whole {
            continue;
        }
        branches(transition, split, diagnostics);
        if let Some(join) = &split.join {
            strategy(split, join, diagnostics);
        }
    }
}

/// Several named branches, or one `each`.
fn branches(transition: &ResolvedTransition<'_>, split: &Split, diagnostics: &mut Diagnostics) {
    let name = &transition.declaration.name;
    let is_each = |branch: &&Branch| branch.each.is_some();
    match split.branches.as_slice() {
        [] => {
            diagnostics
                .error(name, format!("split `{name}` has no branches"))
                .help("add `branch name: Output;` lines, or `each item in field: Item => Output;`");
        }
        [alone] if alone.each.is_none() => {
            let branch = &alone.name;
            diagnostics
                .error(
                    branch,
                    format!("`{branch}` is the only branch of split `{name}`"),
                )
                .help("add another branch, or make the split a `step`");
        }
        branches => {
            let first = &branches[0];
            let other = branches[1..]
                .iter()
                .find(|branch| is_each(branch) || first.each.is_some());
            if let Some(other) = other {
                diagnostics
                    .error(
                        &other.name,
                        format!("split `{name}` cannot have `{} {}` beside `{} {}`",
                            other.keyword, other.name, first.keyword, first.name),
                    )
                    .note(format!("`{}` is declared at {}", first.name, position(first.name.span())))
                    .help("a split has named branches, or one `each`: make two splits of it, one after the other");
            }
        }
    }
}

fn strategy(split: &Split, join: &Join, diagnostics: &mut Diagnostics) {
    match &join.strategy {
        Strategy::Any => variants(split, diagnostics),
        Strategy::Quorum(Given::Written(count)) => {
            let most = |branches| format!("write at most {branches}, which is `all`");
            needed(split, count, "quorum(1)", most, diagnostics);
        }
        Strategy::Settled(Some(Given::Written(count))) => {
            let most = |branches| format!("write at most {branches}");
            needed(split, count, "settled", most, diagnostics);
        }
        Strategy::Percent(Given::Written(count)) => {
            if !(1..=100).contains(&count.value) {
                let text = &count.literal;
                diagnostics
                    .error(
                        text,
                        format!("`{text}` percent of the branches cannot succeed"),
                    )
                    .help("write a number from 1 to 100; 100 is `all`");
            }
        }
        // A field is judged when it is read.
        Strategy::All | Strategy::Quorum(_) | Strategy::Percent(_) | Strategy::Settled(_) => {}
    }
}

/// A number of branches that have to succeed.
fn needed(
    split: &Split,
    count: &Count,
    least: &str,
    most: impl FnOnce(usize) -> String,
    diagnostics: &mut Diagnostics,
) {
    let text = &count.literal;
    if count.value == 0 {
        diagnostics
            .error(text, "a join that needs no branch says nothing")
            .help(format!("write how many have to succeed, or `{least}`"));
        return;
    }
    // Only a run knows the number of items of an `each`.
    let all_named = split.branches.iter().all(|branch| branch.each.is_none());
    let branches = split.branches.len();
    // One branch alone has been reported.
    if all_named && branches > 1 && u64::from(count.value) > branches as u64 {
        diagnostics
            .error(
                text,
                format!("{text} branches cannot succeed: there are {branches}"),
            )
            .help(most(branches));
    }
}

/// `any` gives an enum with a variant for each branch.
fn variants(split: &Split, diagnostics: &mut Diagnostics) {
    let named = split.branches.iter().filter(|branch| branch.each.is_none());
    let mut known: Vec<(Ident, &Branch)> = Vec::new();
    for branch in named {
        let name = &branch.name;
        let Some(variant) = type_name(name) else {
            diagnostics
                .error(
                    name,
                    format!(
                        "the name of branch `{name}` gives none for its variant of the joined enum"
                    ),
                )
                .help("begin it with a letter");
            continue;
        };
        match known.iter().find(|(first, _)| *first == variant) {
            Some((_, first)) => {
                diagnostics
                    .error(
                        name,
                        format!("branches `{}` and `{name}` are both the variant `{variant}` of the joined enum", first.name),
                    )
                    .note(format!("`{}` is declared at {}", first.name, position(first.name.span())))
                    .help("give one of them another name");
            }
            None => known.push((variant, branch)),
        }
    }
}

fn bound(each: &Each, diagnostics: &mut Diagnostics) {
    let written = each.at_most.as_ref().and_then(Given::written);
    if let Some(count) = written.filter(|count| count.value == 0) {
        diagnostics
            .error(
                &count.literal,
                "at most 0 branches at a time would never begin",
            )
            .help("write how many may run side by side, or leave `at most` out for all");
    }
}
