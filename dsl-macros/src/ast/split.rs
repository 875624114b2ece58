//! The lines between the braces of a split.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::Type;

use super::given::read;
use super::{Attributes, ClauseKind, Clauses, Count, Duration, Given, Place, Read, Reads};

/// The body of a split.
#[derive(Default)]
pub(crate) struct Split {
    pub(crate) branches: Vec<Branch>,
    /// `None` where it is missing or could not be read, which is reported.
    pub(crate) join: Option<Join>,
    /// True if every line could be read.
    pub(crate) is_whole: bool,
    /// The error in place of the type that its branches are joined to, if that is not known.
    pub(crate) unread: Option<Box<Type>>,
}

/// `branch credit: CreditReport with ..;`, or `each chunk in chunks: Chunk => Counts with ..;`
pub(crate) struct Branch {
    pub(crate) attributes: Attributes,
    pub(crate) keyword: Ident,
    pub(crate) name: Ident,
    pub(crate) each: Option<Each>,
    pub(crate) output: Type,
    pub(crate) clauses: Clauses,
}

/// The parts of an `each` beside its name and its output.
pub(crate) struct Each {
    /// The field that has the items.
    pub(crate) place: Place,
    /// The type of an item; of an entry, that of its key.
    pub(crate) item: Type,
    /// The value, if the items are the entries of a map. The branch is called like the keys.
    pub(crate) value: Option<EachValue>,
    pub(crate) at_most: Option<Given<Count>>,
}

/// `n` of `each (id, n) in cart: String, u32`
pub(crate) struct EachValue {
    pub(crate) name: Ident,
    pub(crate) ty: Type,
}

/// `join quorum(2) within 5s;`
pub(crate) struct Join {
    pub(crate) keyword: Ident,
    /// The word of the strategy.
    pub(crate) word: Ident,
    pub(crate) strategy: Strategy,
    pub(crate) within: Option<Given<Duration>>,
}

pub(crate) enum Strategy {
    All,
    Any,
    Quorum(Given<Count>),
    Percent(Given<Count>),
    /// `settled`, or `settled(min 2)`
    Settled(Option<Given<Count>>),
}

impl Split {
    /// The fields that the join and an `at most` read.
    pub(crate) fn reads(&self) -> Reads<'_> {
        let needed = self.join.as_ref().and_then(|join| match &join.strategy {
            Strategy::All | Strategy::Any => None,
            Strategy::Quorum(count) | Strategy::Percent(count) => Some(count),
            Strategy::Settled(count) => count.as_ref(),
        });
        let within = self.join.as_ref().and_then(|join| join.within.as_ref());
        let each = self.branches.iter().filter_map(|it| it.each.as_ref());
        let at_most = each.filter_map(|each| read(Read::AtMost, each.at_most.as_ref()));
        read(Read::Needed, needed)
            .into_iter()
            .chain(read(Read::Within, within))
            .chain(at_most)
            .collect()
    }
}

impl Branch {
    /// Returns true if it runs on a task of its own.
    pub(crate) fn spawns(&self) -> bool {
        self.clauses
            .iter()
            .any(|clause| clause.kind() == ClauseKind::Spawn)
    }
}

impl Strategy {
    /// Returns true if what is joined has a place for every branch, also for one that failed.
    pub(crate) fn keeps_failures(&self) -> bool {
        !matches!(self, Strategy::All | Strategy::Any)
    }
}

/// As it was written, without the keyword.
impl ToTokens for Join {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.word.to_tokens(tokens);
        tokens.extend(match &self.strategy {
            Strategy::All | Strategy::Any | Strategy::Settled(None) => TokenStream::new(),
            Strategy::Quorum(count) | Strategy::Percent(count) => quote!((#count)),
            Strategy::Settled(Some(count)) => quote!((min #count)),
        });
        if let Some(within) = &self.within {
            tokens.extend(quote!(within #within));
        }
    }
}
