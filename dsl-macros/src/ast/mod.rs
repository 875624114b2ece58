//! A declaration as it was written: names are not resolved, nothing is judged.
//!
//! Every kind of transition and clause of the language has its place here, also those that are
//! not built yet: the grammar is one.

mod clause;

use proc_macro2::{Ident, Literal, TokenStream};
use quote::ToTokens;
use syn::{Attribute, Type, Visibility};

pub(crate) use clause::{Clause, ClauseKind, Delay, Meaning, Retry, Undo};

/// The content of one `workflow!` block.
pub(crate) struct Workflow {
    pub(crate) attributes: Attributes,
    pub(crate) visibility: Visibility,
    pub(crate) name: Ident,
    pub(crate) input: Option<Input>,
    pub(crate) states: Vec<State>,
    pub(crate) transitions: Vec<Transition>,
    /// `deadline 30d;`
    pub(crate) deadline: Option<Duration>,
    /// Words in what could not be read: a name among them may have been declared there.
    pub(crate) unread: Vec<String>,
}

/// What stands before a declaration.
#[derive(Default)]
pub(crate) struct Attributes {
    /// Documentation and everything that the language does not take for itself, in order.
    pub(crate) kept: Vec<Attribute>,
    pub(crate) derives: Vec<Derive>,
    /// `#[durable(..)]`
    pub(crate) durable: Option<Attribute>,
    /// `#[perpetual]`
    pub(crate) perpetual: Option<Attribute>,
}

/// One trait of a `#[derive(..)]`.
#[derive(Clone)]
pub(crate) struct Derive {
    pub(crate) path: syn::Path,
    /// The predicate, where it stands in a `#[cfg_attr(.., derive(..))]`.
    pub(crate) condition: Option<TokenStream>,
}

/// `input { customer: CustomerId }`
pub(crate) struct Input {
    pub(crate) keyword: Ident,
    pub(crate) fields: Vec<Field>,
}

pub(crate) struct State {
    pub(crate) attributes: Attributes,
    pub(crate) kind: StateKind,
    pub(crate) transient: Option<Ident>,
    pub(crate) name: Ident,
    /// `None` for a state without braces.
    pub(crate) fields: Option<Vec<Field>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum StateKind {
    Start,
    State,
    Done,
    Failed,
}

pub(crate) struct Field {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) name: Ident,
    pub(crate) ty: Type,
}

pub(crate) struct Transition {
    pub(crate) attributes: Attributes,
    pub(crate) kind: TransitionKind,
    pub(crate) keyword: Ident,
    pub(crate) name: Ident,
    /// `as FetchNext`
    pub(crate) outcome: Option<Ident>,
    pub(crate) sources: Vec<Ident>,
    pub(crate) targets: Vec<Ident>,
    pub(crate) clauses: Vec<Clause>,
}

/// Who moves a transition, with what the declaration says about it.
#[expect(clippy::large_enum_variant, reason = "a block has a handful of them")]
pub(crate) enum TransitionKind {
    Step,
    Signal {
        payload: Option<Type>,
    },
    Timer {
        due: Due,
    },
    Poll {
        every: Duration,
    },
    Split {
        branches: Vec<Branch>,
        join: Option<Join>,
    },
}

/// When a timer fires.
pub(crate) enum Due {
    /// So long after the state was entered.
    After(Duration),
    /// At the time in this field of the state.
    At(Ident),
}

/// A duration as it was written, known to be valid.
pub(crate) struct Duration {
    pub(crate) literal: Literal,
    pub(crate) milliseconds: u64,
}

/// A whole number as it was written.
pub(crate) struct Count {
    pub(crate) literal: Literal,
    pub(crate) value: u32,
}

/// One part of a split.
#[expect(clippy::large_enum_variant, reason = "a block has a handful of them")]
pub(crate) enum Branch {
    /// `branch credit: CreditReport with ..;`
    Named {
        name: Ident,
        output: Type,
        clauses: Vec<Clause>,
    },
    /// `each chunk in chunks: Chunk => Counts, at most 8 with ..;`
    Each {
        item: Ident,
        field: Ident,
        item_type: Type,
        output: Type,
        at_most: Option<Count>,
        clauses: Vec<Clause>,
    },
}

/// `join quorum(2) within 5s;`
pub(crate) struct Join {
    pub(crate) strategy: Ident,
    pub(crate) arguments: TokenStream,
    pub(crate) within: Option<Duration>,
}

impl StateKind {
    pub(crate) const ALL: [StateKind; 4] = [
        StateKind::Start,
        StateKind::State,
        StateKind::Done,
        StateKind::Failed,
    ];

    pub(crate) fn keyword(self) -> &'static str {
        match self {
            StateKind::Start => "start",
            StateKind::State => "state",
            StateKind::Done => "done",
            StateKind::Failed => "failed",
        }
    }

    pub(crate) fn is_final(self) -> bool {
        matches!(self, StateKind::Done | StateKind::Failed)
    }
}

impl TransitionKind {
    /// The keyword that opens such a transition.
    pub(crate) fn keyword(&self) -> &'static str {
        match self {
            TransitionKind::Step => "step",
            TransitionKind::Signal { .. } => "signal",
            TransitionKind::Timer { .. } => "timer",
            TransitionKind::Poll { .. } => "poll",
            TransitionKind::Split { .. } => "split",
        }
    }

    /// Whether the driver moves it as soon as its state is entered, so that nothing else may
    /// leave that state.
    pub(crate) fn is_active(&self) -> bool {
        matches!(self, TransitionKind::Step | TransitionKind::Split { .. })
    }
}

impl Transition {
    /// What the clause of this kind says.
    pub(crate) fn clause(&self, kind: ClauseKind) -> Option<&Meaning> {
        let clause = self.clauses.iter().find(|clause| clause.kind() == kind)?;
        Some(&clause.meaning)
    }

    pub(crate) fn retry(&self) -> Option<&Retry> {
        match self.clause(ClauseKind::Retry)? {
            Meaning::Retry(retry) => Some(retry),
            _ => None,
        }
    }

    /// The clause with its handlers.
    pub(crate) fn undo(&self) -> Option<(&Clause, &Undo)> {
        self.clauses
            .iter()
            .find_map(|clause| match &clause.meaning {
                Meaning::Undo(undo) => Some((clause, undo)),
                _ => None,
            })
    }

    /// The time of `timeout(..)` or `deadline(..)`.
    pub(crate) fn time(&self, kind: ClauseKind) -> Option<&Duration> {
        match self.clause(kind)? {
            Meaning::Timeout(time) | Meaning::Deadline(time) => Some(time),
            _ => None,
        }
    }

    /// The method that `catch(..)`, `breaker(..)` or `limit(..)` names.
    pub(crate) fn method(&self, kind: ClauseKind) -> Option<&Ident> {
        match self.clause(kind)? {
            Meaning::Catch(name) | Meaning::Breaker(name) | Meaning::Limit(name) => Some(name),
            _ => None,
        }
    }
    /// The name of the enum of the states that this transition may lead to.
    ///
    /// Where the transition's name gives no name for a type, which is reported, another stands in.
    pub(crate) fn outcome_name(&self) -> Ident {
        let given = self.outcome.clone().or_else(|| self.derived_outcome());
        given.unwrap_or_else(|| {
            let name = format!("Outcome{}", upper_camel(&plain(&self.name)));
            Ident::new(&name, self.name.span())
        })
    }

    /// `GiveUp` for `give_up`; `None` for a name such as `__`, `_1` or `self_`.
    pub(crate) fn derived_outcome(&self) -> Option<Ident> {
        let name = upper_camel(&plain(&self.name));
        // What a name consists of is known; it only has to begin as one and be no keyword.
        let is_name = name.starts_with(char::is_alphabetic) && name != "Self";
        is_name.then(|| Ident::new(&name, self.name.span()))
    }
}

/// An identifier's text without `r#`.
pub(crate) fn plain(ident: &Ident) -> String {
    let text = ident.to_string();
    text.strip_prefix("r#").map_or(text.clone(), str::to_owned)
}

/// `give_up` as `GiveUp`.
pub(crate) fn upper_camel(snake: &str) -> String {
    snake
        .split('_')
        .filter(|word| !word.is_empty())
        .flat_map(|word| {
            let (first, rest) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
            first
                .to_uppercase()
                .chars()
                .chain(rest.chars())
                .collect::<Vec<_>>()
        })
        .collect()
}

impl ToTokens for Duration {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.literal.to_tokens(tokens);
    }
}
