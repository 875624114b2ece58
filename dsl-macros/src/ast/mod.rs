//! A declaration as it was written: names are not resolved, nothing is judged.
//!
//! Every kind of transition and clause of the language has its place here, also those that are
//! not built yet: the grammar is one.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::{Attribute, Type, Visibility};

/// The content of one `workflow!` block.
pub(crate) struct Workflow {
    pub(crate) attributes: Attributes,
    pub(crate) visibility: Visibility,
    pub(crate) name: Ident,
    pub(crate) input: Option<Input>,
    pub(crate) states: Vec<State>,
    pub(crate) transitions: Vec<Transition>,
    /// `deadline 30d;`, at its keyword.
    pub(crate) deadline: Option<Ident>,
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
pub(crate) struct Duration(pub(crate) proc_macro2::Literal);

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
        at_most: Option<proc_macro2::Literal>,
        clauses: Vec<Clause>,
    },
}

/// `join quorum(2) within 5s;`
pub(crate) struct Join {
    pub(crate) strategy: Ident,
    pub(crate) arguments: TokenStream,
    pub(crate) within: Option<Duration>,
}

/// `retry(3)`; the arguments are known to be of the clause's form.
pub(crate) struct Clause {
    pub(crate) kind: ClauseKind,
    pub(crate) name: Ident,
    pub(crate) arguments: TokenStream,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClauseKind {
    Retry,
    Timeout,
    Deadline,
    Undo,
    Catch,
    Breaker,
    Limit,
    Spawn,
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

impl ClauseKind {
    pub(crate) const ALL: [ClauseKind; 8] = [
        ClauseKind::Retry,
        ClauseKind::Timeout,
        ClauseKind::Deadline,
        ClauseKind::Undo,
        ClauseKind::Catch,
        ClauseKind::Breaker,
        ClauseKind::Limit,
        ClauseKind::Spawn,
    ];

    pub(crate) fn word(self) -> &'static str {
        match self {
            ClauseKind::Retry => "retry",
            ClauseKind::Timeout => "timeout",
            ClauseKind::Deadline => "deadline",
            ClauseKind::Undo => "undo",
            ClauseKind::Catch => "catch",
            ClauseKind::Breaker => "breaker",
            ClauseKind::Limit => "limit",
            ClauseKind::Spawn => "spawn",
        }
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
        self.0.to_tokens(tokens);
    }
}

impl ToTokens for Clause {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.name.to_tokens(tokens);
        if !self.arguments.is_empty() {
            let arguments = proc_macro2::Group::new(
                proc_macro2::Delimiter::Parenthesis,
                self.arguments.clone(),
            );
            arguments.to_tokens(tokens);
        }
    }
}
