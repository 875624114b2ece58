//! The signature of every handler, as data.

use std::collections::HashSet;
use std::iter;

use proc_macro2::Ident;
use syn::Type;

use crate::ast::{ClauseKind, Clauses, Transition, lower_snake, plain};
use crate::graph::{DoubtHandler, Graph, ResolvedBranch, ResolvedTransition, StateId};
use crate::parse::is_keyword;

/// A handler of a transition: an `async` function of the trait.
pub(crate) struct Signature<'a> {
    pub(crate) name: &'a Ident,
    pub(crate) role: Role<'a>,
    /// The parameters behind `&self`.
    pub(crate) parameters: Vec<Parameter<'a>>,
    /// The value that it gives if it gives no error.
    pub(crate) gives: Gives<'a>,
    /// True if the context may leave it out: it is only what a damaged clause seems to name.
    pub(crate) is_optional: bool,
}

/// The part that a handler has in its transition.
#[derive(Clone, Copy)]
pub(crate) enum Role<'a> {
    Branch(&'a ResolvedBranch<'a>),
    /// The handler of the transition itself; of a split it joins.
    Own,
    Catch,
    /// It undoes the transition, which led to this state.
    Undo(StateId),
    /// It undoes a call in doubt, and nothing else.
    InDoubt,
    /// It undoes a branch.
    UndoBranch(&'a ResolvedBranch<'a>),
}

pub(crate) struct Parameter<'a> {
    pub(crate) name: String,
    pub(crate) held: Held,
    pub(crate) takes: Takes<'a>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Held {
    Owned,
    Lent,
    /// Lent, to be changed.
    LentMut,
}

/// The type of a parameter.
pub(crate) enum Takes<'a> {
    /// One of these states; there are several if the transition leaves several.
    State(Vec<StateId>),
    /// Whatever the handler says: what it should be could not be read.
    Any(&'a Type),
    /// The deed of a step, done or in doubt: the state that it led to, or those that it left.
    Undoing(Vec<StateId>, StateId),
    /// An item of an `each`.
    Item(&'a Type),
    /// The payload of a signal.
    Payload(&'a Type),
    /// The output of a branch.
    Output(&'a Type),
    /// The outputs of the branches.
    Joined,
    /// The cause of a failure.
    Cause,
    /// The visit in which it is called.
    Visit(Visit),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Visit {
    Step,
    Branch,
    Undo,
}

/// The type of a handler's value.
pub(crate) enum Gives<'a> {
    /// The outcome of its transition.
    Outcome,
    /// The outcome, or nothing yet.
    Perhaps,
    /// The outcome, with an answer of this type.
    Answered(&'a Type),
    /// An answer of this type alone.
    Answer(&'a Type),
    /// The output of a branch.
    Output(&'a Type),
    Nothing,
}

/// A method that lends what stands before a call. Several transitions may share it.
pub(crate) struct Lender<'a> {
    pub(crate) name: &'a Ident,
    pub(crate) lends: Lent,
    /// True if the context may leave it out.
    pub(crate) is_optional: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Lent {
    Breaker,
    Limiter,
}

impl Lent {
    /// Returns true if the clause that names it could not be read.
    fn is_unread(self, clauses: &Clauses) -> bool {
        let kind = match self {
            Lent::Breaker => ClauseKind::Breaker,
            Lent::Limiter => ClauseKind::Limit,
        };
        clauses.unread(kind).is_some()
    }
}

/// The handlers of a transition that has some, in the order of the trait.
pub(super) fn of<'a>(
    graph: &Graph<'_>,
    transition: &'a ResolvedTransition<'a>,
) -> Vec<Signature<'a>> {
    let branches = transition
        .branches
        .iter()
        .filter(|it| it.is_handled)
        .flat_map(|branch| {
            let undo = branch.undo;
            let undo = undo.map(|name| undo_of_branch(graph, transition, branch, name));
            iter::once(of_branch(graph, transition, branch)).chain(undo)
        });
    let catch = transition
        .handlers
        .catch
        .map(|name| of_catch(graph, transition, name));
    let undo = transition
        .handlers
        .undo
        .iter()
        .map(|(target, name)| of_undo(graph, transition, *target, name));
    let in_doubt = match transition.handlers.in_doubt {
        Some(DoubtHandler::Own(name)) => Some(of_doubt(graph, transition, name)),
        _ => None,
    };
    branches
        .chain([own(graph, transition)])
        .chain(catch)
        .chain(undo)
        .chain(in_doubt)
        .collect()
}

fn of_branch<'a>(
    graph: &Graph<'_>,
    transition: &'a ResolvedTransition<'a>,
    branch: &'a ResolvedBranch<'a>,
) -> Signature<'a> {
    let declaration = branch.declaration;
    let visit = visit("branch", Visit::Branch);
    let (item, value) = item(branch, &visit);
    let others = item.iter().chain(&value).chain([&visit]);
    let others: Vec<&str> = others.map(|it| &*it.name).collect();
    let state = source(graph, transition, Held::Lent, &others);
    Signature {
        name: &declaration.name,
        role: Role::Branch(branch),
        parameters: iter::once(state)
            .chain(item)
            .chain(value)
            .chain([visit])
            .collect(),
        gives: Gives::Output(&declaration.output),
        is_optional: false,
    }
}

/// The parameters for the item of an `each`: it alone, or a key and its value.
fn item<'a>(
    branch: &'a ResolvedBranch<'a>,
    visit: &Parameter<'a>,
) -> (Option<Parameter<'a>>, Option<Parameter<'a>>) {
    let declaration = branch.declaration;
    let item = declaration.each.as_ref().map(|each| Parameter {
        name: of_variable(&declaration.name, &visit.name),
        held: Held::Lent,
        takes: Takes::Item(branch.item.as_ref().unwrap_or(&each.item)),
    });
    let value = declaration
        .each
        .as_ref()
        .and_then(|each| each.value.as_ref());
    let value = value.map(|value| {
        let taken = item.as_ref().map_or("", |item| &item.name);
        let name = of_variable(&value.name, &visit.name);
        Parameter {
            // `item` may stand for the key already.
            name: if name == taken {
                "value".to_owned()
            } else {
                name
            },
            held: Held::Lent,
            takes: Takes::Item(&value.ty),
        }
    });
    (item, value)
}

fn own<'a>(graph: &Graph<'_>, transition: &'a ResolvedTransition<'a>) -> Signature<'a> {
    let declaration = transition.declaration;
    let state = source(graph, transition, held(declaration), &["step", "joined"]);
    let joined = declaration.split().map(|_| owned("joined", Takes::Joined));
    let carried = declaration.payload().map(|ty| {
        let name = named_after(ty, &[&state.name, "step"], "payload");
        owned(&name, Takes::Payload(ty))
    });
    let visit = visit("step", Visit::Step);
    Signature {
        name: &declaration.name,
        role: Role::Own,
        parameters: iter::once(state)
            .chain(joined)
            .chain(carried)
            .chain([visit])
            .collect(),
        gives: gives(declaration),
        is_optional: false,
    }
}

/// The way in which a handler of a transition holds the state that it is called in.
fn held(declaration: &Transition) -> Held {
    if declaration.is_internal {
        Held::LentMut
    } else if declaration.is_poll() {
        Held::Lent
    } else {
        Held::Owned
    }
}

/// The value of a handler of a transition, also of its `catch`.
fn gives(declaration: &Transition) -> Gives<'_> {
    match (declaration.answers(), declaration.is_internal) {
        (Some(answer), true) => Gives::Answer(answer),
        (Some(answer), false) => Gives::Answered(answer),
        (None, true) => Gives::Nothing,
        (None, false) if declaration.is_poll() => Gives::Perhaps,
        (None, false) => Gives::Outcome,
    }
}

fn of_catch<'a>(
    graph: &Graph<'_>,
    transition: &'a ResolvedTransition<'a>,
    name: &'a Ident,
) -> Signature<'a> {
    let others = ["step", "cause"];
    let declaration = transition.declaration;
    let state = source(graph, transition, held(declaration), &others);
    let failure = owned("cause", Takes::Cause);
    Signature {
        name,
        role: Role::Catch,
        parameters: vec![state, failure, visit("step", Visit::Step)],
        gives: gives(declaration),
        is_optional: declaration.clauses.unread(ClauseKind::Catch).is_some() || is_type(name),
    }
}

fn of_undo<'a>(
    graph: &Graph<'_>,
    transition: &ResolvedTransition<'a>,
    target: StateId,
    name: &'a Ident,
) -> Signature<'a> {
    let visit = visit("undo", Visit::Undo);
    let mut state = state(graph, &[target], Held::Owned, &[&visit.name]);
    if let Some(DoubtHandler::Shared(_)) = transition.handlers.in_doubt {
        let takes = Takes::Undoing(transition.sources.clone(), target);
        state = owned("undoing", takes);
    }
    let declaration = transition.declaration;
    let unread = declaration.clauses.unread(ClauseKind::Undo);
    if let Some(any) = unread.or(declaration.unread.as_ref()) {
        state.takes = Takes::Any(any);
    }
    Signature {
        name,
        role: Role::Undo(target),
        parameters: vec![state, visit],
        gives: Gives::Nothing,
        is_optional: unread.is_some() || is_type(name),
    }
}

fn of_doubt<'a>(
    graph: &Graph<'_>,
    transition: &'a ResolvedTransition<'a>,
    name: &'a Ident,
) -> Signature<'a> {
    let visit = visit("undo", Visit::Undo);
    let unread = transition.declaration.clauses.unread(ClauseKind::Undo);
    let mut state = source(graph, transition, Held::Owned, &[&visit.name]);
    if let Some(any) = unread {
        state.takes = Takes::Any(any);
    }
    Signature {
        name,
        role: Role::InDoubt,
        parameters: vec![state, visit],
        gives: Gives::Nothing,
        is_optional: unread.is_some() || is_type(name),
    }
}

fn undo_of_branch<'a>(
    graph: &Graph<'_>,
    transition: &'a ResolvedTransition<'a>,
    branch: &'a ResolvedBranch<'a>,
    name: &'a Ident,
) -> Signature<'a> {
    let declaration = branch.declaration;
    let visit = visit("undo", Visit::Undo);
    let (item, value) = item(branch, &visit);
    let others = item.iter().chain(&value).chain([&visit]);
    let others: Vec<&str> = others.map(|it| &*it.name).collect();
    let state = source(graph, transition, Held::Lent, &others);
    let taken: Vec<&str> = others.into_iter().chain([&*state.name]).collect();
    let output = owned(
        &named_after(&declaration.output, &taken, "output"),
        Takes::Output(&declaration.output),
    );
    let unread = declaration.clauses.unread(ClauseKind::Undo);
    Signature {
        name,
        role: Role::UndoBranch(branch),
        parameters: iter::once(state)
            .chain(item)
            .chain(value)
            .chain([output, visit])
            .collect(),
        gives: Gives::Nothing,
        is_optional: unread.is_some() || is_type(name),
    }
}

/// The state that a transition leaves.
fn source<'a>(
    graph: &Graph<'_>,
    transition: &'a ResolvedTransition<'a>,
    held: Held,
    others: &[&str],
) -> Parameter<'a> {
    let mut state = state(graph, &transition.sources, held, others);
    if let Some(any) = transition.unread_source() {
        state.takes = Takes::Any(any);
    }
    state
}

fn state<'a>(graph: &Graph<'_>, states: &[StateId], held: Held, others: &[&str]) -> Parameter<'a> {
    let name = match states {
        [state] => of_state(graph.state(*state).name, others),
        _ => "from".to_owned(),
    };
    let takes = Takes::State(states.to_vec());
    Parameter { name, held, takes }
}

/// Returns true if the name is written like that of a type, which is reported.
fn is_type(name: &Ident) -> bool {
    plain(name).starts_with(char::is_uppercase)
}

fn owned<'a>(name: &str, takes: Takes<'a>) -> Parameter<'a> {
    Parameter {
        name: name.to_owned(),
        held: Held::Owned,
        takes,
    }
}

fn visit<'a>(name: &str, visit: Visit) -> Parameter<'a> {
    Parameter {
        name: name.to_owned(),
        held: Held::Lent,
        takes: Takes::Visit(visit),
    }
}

/// `GaveUp` as `gave_up`: the parameter that a handler takes a state under, beside others.
fn of_state(state: &Ident, others: &[&str]) -> String {
    let snake = lower_snake(&plain(state));
    // `Match` would be the parameter `match`.
    let is_name =
        snake.starts_with(char::is_alphabetic) && !is_keyword(&snake) && !others.contains(&&*snake);
    if is_name { snake } else { "state".to_owned() }
}

/// `Approval` as `approval`: the parameter that a handler takes such a value under, or else `otherwise`.
fn named_after(ty: &Type, others: &[&str], otherwise: &str) -> String {
    let name = match ty {
        Type::Path(path) => path.path.segments.last().map(|last| &last.ident),
        _ => None,
    };
    // Of a primitive type it would be the type itself.
    let name = name.filter(|name| plain(name).starts_with(char::is_uppercase));
    let snake = name.map(|name| of_state(name, others));
    snake
        .filter(|snake| !others.contains(&&**snake) && *snake != "state")
        .unwrap_or_else(|| otherwise.to_owned())
}

/// A name that the user gave, as the name of a parameter beside another.
fn of_variable(name: &Ident, other: &str) -> String {
    let text = name.to_string();
    let is_free = text != other && plain(name) == text;
    if is_free { text } else { "item".to_owned() }
}

/// The breakers and limiters of these transitions, which have handlers, each once.
pub(super) fn lenders<'a>(
    handled: impl Iterator<Item = &'a ResolvedTransition<'a>>,
) -> Vec<Lender<'a>> {
    let mut lenders = Vec::new();
    let mut seen = HashSet::new();
    for transition in handled {
        let handlers = &transition.handlers;
        let branches = transition.branches.iter();
        let of_branches = branches.map(|it| (it.breaker, it.limit, &it.declaration.clauses));
        let own = &transition.declaration.clauses;
        let all = iter::once((handlers.breaker, handlers.limit, own)).chain(of_branches);
        for (breaker, limit, clauses) in all {
            let breaker = breaker.map(|name| (name, Lent::Breaker));
            let limit = limit.map(|name| (name, Lent::Limiter));
            for (name, lends) in breaker.into_iter().chain(limit) {
                if seen.insert(plain(name)) {
                    lenders.push(Lender {
                        name,
                        lends,
                        is_optional: lends.is_unread(clauses) || is_type(name),
                    });
                }
            }
        }
    }
    lenders
}
