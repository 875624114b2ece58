//! Groups: which states they have, and where in a state the data of one is.

use proc_macro2::Ident;

use super::{Graph, ResolvedTransition, StateId};
use crate::ast::{self, Field, plain};

/// The position of a group in [`Graph::groups`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct GroupId(pub(crate) usize);

pub(crate) struct ResolvedGroup<'a> {
    pub(crate) declaration: &'a ast::Group,
    /// Its states, also those of groups within.
    pub(crate) members: Vec<StateId>,
    /// True if its name is taken, which is reported: it is no type then.
    pub(crate) is_shadowed: bool,
}

/// A field of a state, or of a group that the state stands in.
pub(crate) struct Found<'a> {
    pub(crate) field: &'a Field,
    /// The fields that lead from the state to the group: none for one of the state itself.
    pub(crate) path: Vec<Ident>,
}

impl ResolvedGroup<'_> {
    /// Returns true if it is a type, which its members have the data in.
    pub(crate) fn is_type(&self) -> bool {
        !self.is_shadowed && self.declaration.has_data()
    }
}

impl<'a> Graph<'a> {
    pub(crate) fn group(&self, id: GroupId) -> &ResolvedGroup<'a> {
        &self.groups[id.0]
    }

    /// The groups that are types.
    pub(crate) fn group_types(&self) -> impl Iterator<Item = (GroupId, &ResolvedGroup<'a>)> {
        let ids = (0..self.groups.len()).map(GroupId);
        ids.zip(&self.groups).filter(|(_, group)| group.is_type())
    }

    /// The fields that lead from a state to the data of a group that it stands in: `.inner.outer`.
    pub(crate) fn path_to(&self, state: StateId, group: GroupId) -> Option<Vec<Ident>> {
        let of_state = self.state(state).declaration?.group;
        let mut path = Vec::new();
        for around in self.ast.around(of_state) {
            let declared = &self.ast.groups[around];
            if declared.has_data() {
                path.push(declared.field_name());
            }
            if around == group.0 {
                return Some(path);
            }
        }
        None
    }

    /// A field by its name: of the state, or of the groups around it from the inside outwards. Where the declaration names
    /// the state `by` a group, of that one and those around it.
    pub(crate) fn field(
        &self,
        state: StateId,
        by: Option<GroupId>,
        name: &Ident,
    ) -> Option<Found<'a>> {
        let declaration = self.state(state).declaration?;
        let text = plain(name);
        let is_it = |field: &&'a Field| !field.is_group && plain(&field.name) == text;
        if let (None, Some(field)) = (by, declaration.own_fields().find(is_it)) {
            let path = Vec::new();
            return Some(Found { field, path });
        }
        let from = by.map_or(declaration.group, |by| Some(by.0));
        for around in self.ast.around(from) {
            if let Some(field) = self.ast.groups[around].fields.iter().find(is_it) {
                let path = self.path_to(state, GroupId(around))?;
                return Some(Found { field, path });
            }
        }
        None
    }

    /// The field that a clause or an `each` names, of a transition that leaves this state; `by` is the group that names the state.
    pub(crate) fn place(
        &self,
        source: StateId,
        by: Option<GroupId>,
        place: &ast::Place,
    ) -> Option<Found<'a>> {
        if place.input.is_none() {
            return self.field(source, by, &place.field);
        }
        let mut fields = self.ast.input.iter().flat_map(|input| &input.fields);
        let field = fields.find(|field| plain(&field.name) == plain(&place.field))?;
        let path = Vec::new();
        Some(Found { field, path })
    }

    /// The names of the fields that [`field`](Graph::field) finds.
    pub(crate) fn field_names(&self, state: StateId, by: Option<GroupId>) -> Vec<String> {
        let Some(declaration) = self.state(state).declaration else {
            return Vec::new();
        };
        let own = by.is_none().then(|| declaration.own_fields());
        let from = by.map_or(declaration.group, |by| Some(by.0));
        let groups = self.ast.around(from);
        let shared = groups.flat_map(|group| &self.ast.groups[group].fields);
        let shared = shared.filter(|field| !field.is_group);
        let fields = own.into_iter().flatten().chain(shared);
        fields.map(|field| plain(&field.name)).collect()
    }

    /// The names from which the arrows of a transition begin: those of its states, and in place of several of them that of the
    /// outermost group which it leaves as one.
    pub(crate) fn left_names(&self, transition: &ResolvedTransition<'_>) -> Vec<&'a Ident> {
        let mut names: Vec<&Ident> = Vec::new();
        let sources = &transition.sources;
        for source in sources {
            // One that stands within another comes after it.
            let group = self.groups.iter().find(|group| {
                let is_several = group.members.len() > 1 && group.members.contains(source);
                is_several && group.members.iter().all(|it| sources.contains(it))
            });
            let name = group.map_or(self.state(*source).name, |group| &group.declaration.name);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// The groups that are types and have every state which the transition leaves.
    pub(crate) fn left_groups(
        &self,
        transition: &ResolvedTransition<'_>,
    ) -> impl Iterator<Item = (GroupId, &ResolvedGroup<'a>)> {
        let sources = transition.sources.clone();
        self.group_types()
            .filter(move |(_, group)| sources.iter().all(|it| group.members.contains(it)))
    }
}
