//! Rule: every state that a transition names is declared, once, and so is every transition.

use std::collections::{HashMap, HashSet};

use proc_macro2::Ident;
use syn::Type;

use super::{
    Graph, GroupId, Handlers, ResolvedBranch, ResolvedGroup, ResolvedState, ResolvedTransition,
    StateId, handlers, items,
};
use crate::ast::{self, plain};
use crate::diagnostics::{Diagnostics, position};
use crate::suggest;

/// Resolves the names of a declaration, reporting those that lead nowhere.
pub(crate) fn resolve<'a>(ast: &'a ast::Workflow, diagnostics: &mut Diagnostics) -> Graph<'a> {
    let states = states(ast, diagnostics);
    let groups = groups(ast, &states, diagnostics);
    let mut resolver = Resolver {
        declared: states.len(),
        names: states.iter().map(|state| plain(state.name)).collect(),
        types: groups
            .iter()
            .map(|it| plain(&it.declaration.name))
            .collect(),
        reported: Vec::new(),
        unknown: None,
        graph: Graph {
            ast,
            states,
            groups,
            transitions: Vec::new(),
        },
        diagnostics,
    };
    for transition in &ast.transitions {
        resolver.transition(transition);
    }
    // When every state is known, also those that were not declared.
    resolver.name_types();
    let mut graph = resolver.graph;
    handlers::resolve(&mut graph);
    graph
}

fn states<'a>(ast: &'a ast::Workflow, diagnostics: &mut Diagnostics) -> Vec<ResolvedState<'a>> {
    let mut states: Vec<ResolvedState<'a>> = Vec::new();
    let mut first_of: HashMap<String, &Ident> = HashMap::new();
    for state in &ast.states {
        let name = &state.name;
        if let Some(first) = first_of.get(&plain(name)) {
            diagnostics
                .unresolved(name, format!("state `{name}` is declared twice"))
                .note(format!("first declared at {}", position(first.span())));
        } else {
            first_of.insert(plain(name), name);
            states.push(ResolvedState {
                name,
                kind: state.kind,
                declaration: Some(state),
            });
        }
    }
    states
}

/// The groups with their members. One whose name is taken has the members that are declared in it.
fn groups<'a>(
    ast: &'a ast::Workflow,
    states: &[ResolvedState<'a>],
    diagnostics: &mut Diagnostics,
) -> Vec<ResolvedGroup<'a>> {
    let mut taken: HashMap<String, &Ident> = HashMap::new();
    for state in states {
        taken.insert(plain(state.name), state.name);
    }
    let groups = ast.groups.iter().enumerate().map(|(number, declaration)| {
        let name = &declaration.name;
        let first = taken.get(&plain(name)).copied();
        if let Some(first) = first {
            diagnostics
                .unresolved(name, format!("`{name}` is declared twice"))
                .note(format!("first declared at {}", position(first.span())))
                .help("a group is no state: it has a name of its own");
        } else {
            taken.insert(plain(name), name);
        }
        let is_in = |state: &ResolvedState<'_>| {
            let group = state.declaration.and_then(|it| it.group);
            ast.around(group).any(|around| around == number)
        };
        let members = states.iter().enumerate().filter(|(_, state)| is_in(state));
        ResolvedGroup {
            declaration,
            members: members.map(|(position, _)| StateId(position)).collect(),
            is_shadowed: first.is_some(),
        }
    });
    groups.collect()
}

struct Resolver<'a, 'd> {
    graph: Graph<'a>,
    /// The number of declared states; stubs of undeclared ones come after them.
    declared: usize,
    /// The names of the states, as they are in the graph: to ask the compiler for each again costs more.
    names: Vec<String>,
    /// The names of the types that transitions became.
    types: HashSet<String>,
    /// The undeclared names, each reported at its first use, with what stands in for it.
    reported: Vec<(String, Option<usize>)>,
    /// The error in place of the last end of a transition of which nobody knows what was meant.
    unknown: Option<Type>,
    diagnostics: &'d mut Diagnostics,
}

impl<'a> Resolver<'a, '_> {
    fn transition(&mut self, transition: &'a ast::Transition) {
        let name = &transition.name;
        let text = plain(name);
        let mut others = self
            .graph
            .transitions
            .iter()
            .map(|other| &other.declaration.name);
        if let Some(first) = others.find(|first| plain(first) == text) {
            self.diagnostics
                .unresolved(name, format!("transition `{name}` is declared twice"))
                .note(format!("first declared at {}", position(first.span())));
            return;
        }
        let declared = &self.names[..self.declared];
        let is_declared = |end: &Ident| declared.contains(&plain(end));
        let are_declared = transition.targets.iter().all(is_declared)
            && transition
                .sources
                .iter()
                .all(|source| is_declared(source) || self.group(source).is_some());
        let is_whole = transition.is_read && are_declared;
        let is_unread = transition.unread.is_some() && !transition.is_deadline();
        let mut unknown = None;
        let (label, sources) = if transition.is_deadline() {
            let states = self.graph.states[..self.declared].iter().enumerate();
            let on_the_way = states.filter(|(_, state)| !state.kind.is_final());
            let all = on_the_way.map(|(position, _)| (StateId(position), None));
            ("the deadline".to_owned(), all.collect::<Vec<_>>())
        } else {
            let label = format!("{} `{name}`", transition.kind.keyword());
            let mut sources = self.ends(&transition.sources, true, &format!("{label} leaves"));
            unknown = self.unknown.take();
            if (is_unread || unknown.is_some()) && sources.is_empty() {
                let states = self.graph.states.iter().enumerate();
                let on_the_way = states.filter(|(_, state)| !state.kind.is_final());
                sources.extend(on_the_way.map(|(position, _)| (StateId(position), None)));
            }
            (label, sources)
        };
        let (sources, by_group): (Vec<StateId>, _) = sources.into_iter().unzip();
        let targets = self.ends(&transition.targets, false, &format!("{label} leads to"));
        let mut targets: Vec<_> = targets.into_iter().map(|(state, _)| state).collect();
        // It may have been any: whatever its handler gives is right.
        let is_unknown = self.unknown.take().is_some();
        if (is_unread || is_unknown) && !transition.is_internal {
            let others = (0..self.graph.states.len()).map(StateId);
            targets.extend(
                others
                    .filter(|it| !targets.contains(it))
                    .collect::<Vec<_>>(),
            );
        }
        let is_whole_split = transition.split().is_some_and(|split| split.is_whole);
        let branches = transition.branches().map(|declaration| ResolvedBranch {
            declaration,
            item: items::judge(
                &self.graph,
                declaration,
                &sources,
                is_whole_split,
                self.diagnostics,
            ),
            is_handled: true,
            breaker: None,
            limit: None,
            undo: None,
        });
        let branches: Vec<_> = branches.collect();
        let outcome = transition.outcome_name();
        self.graph.transitions.push(ResolvedTransition {
            declaration: transition,
            joined: ast::joined_name(&outcome),
            from: transition.left_name(),
            outcome,
            unknown,
            handlers: Handlers::default(),
            branches,
            is_whole,
            sources,
            by_group,
            targets,
        });
    }

    /// Gives each transition its types.
    fn name_types(&mut self) {
        let mut transitions = std::mem::take(&mut self.graph.transitions);
        for transition in &mut transitions {
            transition.outcome = self.free(transition.outcome.clone());
            transition.joined = ast::joined_name(&transition.outcome);
            if transition.declaration.split().is_some() {
                transition.joined = self.free(transition.joined.clone());
            }
            if transition.leaves_several() {
                transition.from = self.free(transition.from.clone());
            }
        }
        self.graph.transitions = transitions;
    }

    /// The name of a generated type. One that is taken, which is reported later, gives way, so that the
    /// generated code does not fail on it a second time.
    fn free(&mut self, mut name: Ident) -> Ident {
        let mut text = plain(&name);
        if self.names.contains(&text) || self.types.contains(&text) {
            while self.names.contains(&text) || self.types.contains(&text) {
                text.push_str("Next");
            }
            name = Ident::new(&text, name.span());
        }
        self.types.insert(text);
        name
    }

    /// The group of this name, unless something else has it.
    fn group(&self, name: &Ident) -> Option<GroupId> {
        let text = plain(name);
        let mut groups = self.graph.groups.iter();
        let named = |it: &ResolvedGroup<'_>| !it.is_shadowed && plain(&it.declaration.name) == text;
        groups.position(named).map(GroupId)
    }

    /// The group that was probably meant by a name which is not declared. It is reported.
    fn meant(&mut self, name: &Ident) -> Option<GroupId> {
        let text = plain(name);
        let is_known = self.position(&text).is_some()
            || self.graph.ast.unread.contains(&text)
            || self.reported.iter().any(|(known, _)| *known == text);
        let groups = self.graph.groups.iter().filter(|it| !it.is_shadowed);
        let groups: Vec<String> = groups.map(|it| plain(&it.declaration.name)).collect();
        if is_known || groups.is_empty() {
            return None;
        }
        let states = &self.names[..self.declared];
        let all = || groups.iter().chain(states).map(String::as_str);
        let nearest = suggest::nearest(&text, all())?;
        if !groups.iter().any(|group| group == nearest) {
            return None;
        }
        let (nearest, workflow) = (nearest.to_owned(), &self.graph.ast.name);
        self.diagnostics
            .unresolved(
                name,
                format!("`{name}` is not declared in workflow `{workflow}`"),
            )
            .help(format!("did you mean group `{nearest}`?"));
        self.group(&Ident::new(&nearest, name.span()))
    }

    /// Resolves one side of a transition, each state with the group that names it; `says` is how an error begins.
    fn ends(
        &mut self,
        names: &'a [Ident],
        are_left: bool,
        says: &str,
    ) -> Vec<(StateId, Option<GroupId>)> {
        let mut ends: Vec<(StateId, Option<GroupId>)> = Vec::new();
        for (index, name) in names.iter().enumerate() {
            if let Some(first) = names[..index].iter().find(|first| *first == name) {
                self.diagnostics
                    .error(name, format!("{says} `{name}` twice"))
                    .note(format!("first named at {}", position(first.span())));
                continue;
            }
            let mut group = self.group(name);
            if are_left && group.is_none() {
                group = self.meant(name);
            }
            let states = match group {
                None => self.state(name).into_iter().collect(),
                Some(group) if are_left => self.graph.group(group).members.clone(),
                Some(group) => self.no_end(name, group, says),
            };
            let mut is_reported = false;
            for state in states {
                let Some((_, by)) = ends.iter().find(|(known, _)| *known == state) else {
                    ends.push((state, group));
                    continue;
                };
                if let Some(group) = group.or(*by).filter(|_| !is_reported) {
                    is_reported = true;
                    let group = &self.graph.group(group).declaration.name;
                    let state = self.graph.state(state).name;
                    self.diagnostics
                        .error(name, format!("{says} `{state}` twice"))
                        .note(format!("it stands in group `{group}`"));
                }
            }
        }
        ends
    }

    /// Reports a group where one state is to be named; gives what stands in for it.
    fn no_end(&mut self, name: &Ident, group: GroupId, says: &str) -> Vec<StateId> {
        let members = self.graph.group(group).members.clone();
        let names = self.graph.names(members.iter().copied());
        let error = self.diagnostics.unresolved(
            name,
            format!("{says} `{name}`, which is a group and no state"),
        );
        if !names.is_empty() {
            let names = suggest::any_of(names.iter().map(String::as_str));
            error.help(format!("name the state in it: {names}"));
        }
        members.into_iter().take(1).collect()
    }

    /// The state of this name, or what stands in for it. A small name that is none of a state would hide those of variables.
    fn state(&mut self, name: &'a Ident) -> Option<StateId> {
        let text = plain(name);
        let known = self.position(&text);
        if let Some(index) = known.filter(|index| *index < self.declared) {
            return Some(StateId(index));
        }
        // A name from a line that could not be read may have been declared there, and that line
        // is reported.
        let nearest = if self.graph.ast.unread.contains(&text) {
            None
        } else if let Some((_, nearest)) = self.reported.iter().find(|(known, _)| *known == text) {
            *nearest
        } else {
            let nearest = self.report(name);
            self.reported.push((text, nearest));
            nearest
        };
        let stand_in = nearest.or(known);
        if stand_in.is_none() && plain(name).starts_with(char::is_lowercase) {
            return None;
        }
        Some(StateId(stand_in.unwrap_or_else(|| self.stub(name))))
    }

    /// Reports an undeclared state; gives the one that was probably meant.
    fn report(&mut self, name: &Ident) -> Option<usize> {
        let workflow = &self.graph.ast.name;
        let declared = &self.names[..self.declared];
        let names = || declared.iter().map(String::as_str);
        let error = self.diagnostics.unresolved(
            name,
            format!("state `{name}` is not declared in workflow `{workflow}`"),
        );
        let nearest = suggest::nearest(&plain(name), names()).map(str::to_owned);
        if let Some(nearest) = &nearest {
            error.help(format!("did you mean `{nearest}`?"));
        }
        if names().next().is_some() {
            error.note(format!("declared are {}", suggest::all_of(names())));
        } else {
            error.help(format!("declare it: `state {name};`"));
        }
        if nearest.is_none() && names().next().is_some() {
            self.unknown = Some(error.unread());
        }
        nearest.and_then(|nearest| self.position(&nearest))
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }

    fn stub(&mut self, name: &'a Ident) -> usize {
        self.names.push(plain(name));
        self.graph.states.push(ResolvedState {
            name,
            kind: ast::StateKind::State,
            declaration: None,
        });
        self.graph.states.len() - 1
    }
}
