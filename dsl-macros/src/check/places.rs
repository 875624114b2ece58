//! Rule: a field that a clause, a timer or an `each` reads is one of every state that its transition leaves, or of the input.

use std::collections::HashSet;

use quote::ToTokens as _;

use crate::ast::{Due, Given, Place, Read, TransitionKind, plain};
use crate::diagnostics::Diagnostics;
use crate::graph::{Graph, GroupId, ResolvedTransition, StateId};
use crate::suggest;

pub(super) fn check(graph: &Graph<'_>, diagnostics: &mut Diagnostics) {
    // A state that could not be read may have the field.
    if !diagnostics.all_is_read() {
        return;
    }
    let mut reported = Reported::default();
    for transition in graph.transitions.iter().filter(|it| it.is_whole) {
        let left: Vec<_> = left(transition).collect();
        for place in read_of_left(transition) {
            place.judge(graph, &left, &mut reported, diagnostics);
        }
        // The handler of an undo has the state that the transition led to.
        if let Some((_, undo)) = transition.declaration.clauses.undo() {
            let led_to = transition.handlers.undo.iter();
            let led_to: Vec<_> = led_to.map(|(target, _)| (*target, None)).collect();
            for (read, place) in undo.reads() {
                let place = ReadPlace::of(read, place);
                place.judge(graph, &led_to, &mut reported, diagnostics);
            }
        }
    }
}

/// The fields that were missed, each once: by their names, with the state, or `None` for the input.
#[derive(Default)]
struct Reported(HashSet<(Option<StateId>, String)>);

/// The states that a transition leaves, each with the group that names it. A split leaves one, whichever way it is named.
fn left(transition: &ResolvedTransition<'_>) -> impl Iterator<Item = (StateId, Option<GroupId>)> {
    let is_split = transition.declaration.split().is_some();
    let groups = transition.by_group.iter().copied();
    let groups = groups.map(move |by| by.filter(|_| !is_split));
    transition.sources.iter().copied().zip(groups)
}

/// A field that is read.
struct ReadPlace<'a> {
    place: &'a Place,
    /// A type that it may have.
    ty: String,
    /// The word that stands before it, of items.
    before: &'static str,
}

impl<'a> ReadPlace<'a> {
    fn of(read: Read, place: &'a Place) -> Self {
        ReadPlace {
            place,
            ty: read.ty().to_owned(),
            before: "",
        }
    }
}

/// The fields that are read of the states which a transition leaves.
fn read_of_left<'a>(transition: &'a ResolvedTransition<'_>) -> Vec<ReadPlace<'a>> {
    let declaration = transition.declaration;
    let mut reads = declaration.reads();
    reads.extend(declaration.split().into_iter().flat_map(|it| it.reads()));
    reads.extend(declaration.branches().flat_map(|it| it.clauses.reads()));
    let numbers = reads.into_iter();
    let mut places: Vec<_> = numbers
        .map(|(read, place)| ReadPlace::of(read, place))
        .collect();
    match &declaration.kind {
        TransitionKind::Timer {
            due: Due::After(Given::Field(place)),
        } => places.push(ReadPlace::of(Read::Pause, place)),
        TransitionKind::Timer {
            due: Due::At(place),
        } => places.push(ReadPlace {
            place,
            ty: "std::time::SystemTime".to_owned(),
            before: "",
        }),
        _ => {}
    }
    let items = declaration.branches().filter_map(|it| it.each.as_ref());
    places.extend(items.map(|each| ReadPlace {
        place: &each.place,
        ty: format!("Vec<{}>", each.item.to_token_stream()),
        before: "in ",
    }));
    places
}

impl ReadPlace<'_> {
    /// Reports it, once, if it is not there.
    fn judge(
        &self,
        graph: &Graph<'_>,
        states: &[(StateId, Option<GroupId>)],
        reported: &mut Reported,
        diagnostics: &mut Diagnostics,
    ) {
        let mut missing = states.iter().filter(|(state, by)| {
            let is_declared = graph.state(*state).declaration.is_some();
            is_declared && graph.place(*state, *by, self.place).is_none()
        });
        if let Some((state, by)) = missing.next() {
            let of = self.place.input.is_none().then_some(*state);
            if !reported.0.insert((of, plain(&self.place.field))) {
                return;
            }
            if self.place.input.is_some() {
                self.not_of_the_input(graph, *state, diagnostics);
            } else {
                self.not_of(graph, *state, *by, diagnostics);
            }
        }
    }

    fn not_of(
        &self,
        graph: &Graph<'_>,
        state: StateId,
        by: Option<GroupId>,
        diagnostics: &mut Diagnostics,
    ) {
        let field = &self.place.field;
        let called = match by {
            Some(group) => format!("group `{}`", graph.group(group).declaration.name),
            None => format!("state `{}`", graph.state(state).name),
        };
        let error = diagnostics.error(field, format!("{called} has no field `{field}`"));
        let (names, of_input) = (graph.field_names(state, by), of_input(graph));
        let known = || names.iter().map(String::as_str);
        let before = self.before;
        if plain(field) == "input" && !of_input.is_empty() {
            let first = &of_input[0];
            error.help(format!(
                "name a field of the input, such as `{before}input.{first}`"
            ));
        } else if let Some(nearest) = suggest::nearest(&plain(field), known()) {
            error.help(format!("did you mean `{nearest}`?"));
        } else if of_input.contains(&plain(field)) {
            error.help(format!("the input has it: write `{before}input.{field}`"));
        } else {
            error.help(format!("give it one: `{field}: {}`", self.ty));
            if !names.is_empty() {
                error.note(format!("its fields are {}", suggest::all_of(known())));
            }
        }
    }

    fn not_of_the_input(&self, graph: &Graph<'_>, state: StateId, diagnostics: &mut Diagnostics) {
        let field = &self.place.field;
        let error = diagnostics.error(field, format!("the input has no field `{field}`"));
        let of_input = of_input(graph);
        let known = || of_input.iter().map(String::as_str);
        let (before, name) = (self.before, graph.state(state).name);
        if let Some(nearest) = suggest::nearest(&plain(field), known()) {
            error.help(format!("did you mean `{nearest}`?"));
        } else if graph.field_names(state, None).contains(&plain(field)) {
            error.help(format!(
                "state `{name}` has it: write its name alone, `{before}{field}`"
            ));
        } else {
            let ty = &self.ty;
            error.help(format!("give it one: `input {{ {field}: {ty} }}`"));
            if !of_input.is_empty() {
                error.note(format!("its fields are {}", suggest::all_of(known())));
            }
        }
    }
}

/// The names of the fields of the input.
fn of_input(graph: &Graph<'_>) -> Vec<String> {
    let fields = graph.ast.input.iter().flat_map(|input| &input.fields);
    fields.map(|field| plain(&field.name)).collect()
}
