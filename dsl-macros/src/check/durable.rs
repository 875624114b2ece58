//! Rules of workflows whose runs are stored.

use syn::Type;

use crate::ast::{Each, Field, is_borrowed, is_hashed, is_told_otherwise};
use crate::diagnostics::Diagnostics;
use crate::graph::Graph;

/// Reports what a stored workflow cannot have. `is_built` is true if the crate was built with stores.
pub(super) fn check(graph: &Graph<'_>, is_built: bool, diagnostics: &mut Diagnostics) {
    let Some(durable) = &graph.ast.attributes.durable else {
        return;
    };
    if !is_built {
        diagnostics
            .error(
                &durable.attribute,
                "`#[durable]` needs the feature `durable` of stateway",
            )
            .help(
                "enable it in `Cargo.toml`, or remove the attribute to run the workflow in memory",
            );
    }
    undo_of_transient(graph, diagnostics);
    borrowed(graph, diagnostics);
    items_without_order(graph, diagnostics);
}

/// A value that is read again after a restart has nobody to borrow from.
fn borrowed(graph: &Graph<'_>, diagnostics: &mut Diagnostics) {
    let mut check = |owner: String, ty: &Type| {
        if is_borrowed(ty) {
            diagnostics
                .error(
                    ty,
                    format!(
                        "{owner} is stored, and has nobody to borrow from when it is read again"
                    ),
                )
                .help("own the data, such as `String` in place of `&str`, or remove `#[durable]`");
        }
    };
    let input = graph.ast.input.iter().flat_map(|input| &input.fields);
    for field in input.filter(|field| !is_told_otherwise(field)) {
        check("the input".into(), &field.ty);
    }
    for state in &graph.states {
        let stored = state.declaration.filter(|it| it.is_stored());
        let fields = stored.iter().flat_map(|it| it.fields.iter().flatten());
        for field in fields.filter(|field| !is_told_otherwise(field)) {
            check(format!("state `{}`", state.name), &field.ty);
        }
    }
    for group in &graph.ast.groups {
        for field in group.fields.iter().filter(|it| !is_told_otherwise(it)) {
            check(format!("group `{}`", group.name), &field.ty);
        }
    }
    for transition in &graph.transitions {
        if let Some(payload) = transition.declaration.payload() {
            let name = &transition.declaration.name;
            check(format!("what signal `{name}` carries"), payload);
        }
        if let Some(answer) = transition.declaration.answers() {
            let name = &transition.declaration.name;
            check(format!("the answer to signal `{name}`"), answer);
        }
    }
    for branch in graph.transitions.iter().flat_map(|it| &it.branches) {
        let branch = &branch.declaration;
        check(
            format!("the output of branch `{}`", branch.name),
            &branch.output,
        );
    }
}

/// A transient state is gone after a crash, and the undo of the transition that led there needs it.
fn undo_of_transient(graph: &Graph<'_>, diagnostics: &mut Diagnostics) {
    for transition in &graph.transitions {
        for (target, handler) in &transition.handlers.undo {
            let target = graph.state(*target);
            let declaration = target.declaration;
            if declaration.is_none_or(|state| state.transient.is_none()) {
                continue;
            }
            let name = &transition.declaration.name;
            diagnostics
                .error(
                    handler,
                    format!(
                        "`{handler}` could not undo `{name}` after a crash: state `{}` is transient and \
                         never stored",
                        target.name
                    ),
                )
                .help("remove `transient`, or the undo");
        }
    }
}

/// The outputs of an `each` are known by the place of their items, so the items have to come back in the
/// same order.
fn items_without_order(graph: &Graph<'_>, diagnostics: &mut Diagnostics) {
    for transition in &graph.transitions {
        let each = transition.branches.iter();
        let each = each.filter_map(|branch| branch.declaration.each.as_ref());
        // That a map has an order is asked by rustc, of every one.
        for each in each.filter(|each| each.value.is_none()) {
            for source in &transition.sources {
                let found = graph.place(*source, None, &each.place);
                if let Some(found) = found.filter(|found| is_hashed(&found.field.ty)) {
                    hashed(found.field, each, diagnostics);
                }
            }
        }
    }
}

fn hashed(field: &Field, each: &Each, diagnostics: &mut Diagnostics) {
    diagnostics
        .error(
            &field.ty,
            format!(
                "the items of `{}` come in another order when they are read again, and what their branches \
                 gave is known by their places",
                each.place.name()
            ),
        )
        .help("use a `Vec`, a `BTreeSet` or a `BTreeMap`");
}
