//! `group Open { until: SystemTime } { state Paid; }`: states that share data, and that are left as one.

use proc_macro2::Ident;
use syn::Type;

use super::{Attributes, Field, State, Workflow, lower_snake, plain};

/// States that share data. Its members know it by its position in [`Workflow::groups`].
pub(crate) struct Group {
    pub(crate) attributes: Attributes,
    pub(crate) name: Ident,
    /// Empty for a group that carries no data: such a one is no type.
    pub(crate) fields: Vec<Field>,
    /// The error in place of its type, if a field of it could not be read.
    pub(crate) unread: Option<Type>,
    /// The group that it stands in.
    pub(crate) within: Option<usize>,
}

impl Group {
    /// Returns true if its members share data.
    pub(crate) fn has_data(&self) -> bool {
        !self.fields.is_empty() || self.unread.is_some()
    }

    /// The name of the field that its members have it in: `open` for `Open`.
    pub(crate) fn field_name(&self) -> Ident {
        let snake = lower_snake(&plain(&self.name));
        // The rest is reported: one that begins with no letter, and a keyword.
        let is_name = syn::parse_str::<Ident>(&snake).is_ok();
        let snake = if is_name { snake } else { "group".to_owned() };
        Ident::new(&snake, self.name.span())
    }

    /// The field that a member has the data of this group in.
    pub(crate) fn field(&self) -> Field {
        let name = &self.name;
        Field {
            attributes: Vec::new(),
            index: None,
            is_group: true,
            name: self.field_name(),
            ty: syn::parse_quote!(#name),
        }
    }
}

impl Workflow {
    /// The groups around it, from `group` outwards.
    pub(crate) fn around(&self, group: Option<usize>) -> impl Iterator<Item = usize> {
        std::iter::successors(group, |group| self.groups[*group].within)
    }

    /// The innermost group of these which carries data.
    pub(crate) fn data_around(&self, group: Option<usize>) -> Option<usize> {
        self.around(group)
            .find(|group| self.groups[*group].has_data())
    }
}

impl State {
    /// The fields that the declaration gives it.
    pub(crate) fn own_fields(&self) -> impl Iterator<Item = &Field> {
        let fields = self.fields.iter().flatten();
        fields.filter(|field| !field.is_group)
    }
}
