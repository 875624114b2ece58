//! A declaration as it was written: names are not resolved, nothing is judged.
//!
//! Every kind of transition and clause of the language has its place here, also those that are
//! not built yet: the grammar is one.

mod clause;
mod given;
mod group;
mod log;
mod split;
mod stored;

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::ToTokens;
use syn::{Attribute, LitStr, Type, Visibility};

pub(crate) use clause::{
    Attempts, Clause, ClauseKind, Clauses, Delay, InDoubt, Jitter, Meaning, Retry, Undo,
};
pub(crate) use given::{Given, Place, Read, Reads};
pub(crate) use group::Group;
pub(crate) use log::Log;
pub(crate) use split::{Branch, Each, EachValue, Join, Split, Strategy};
pub(crate) use stored::{is_borrowed, is_hashed, is_told_otherwise};

/// The content of one `workflow!` block.
pub(crate) struct Workflow {
    pub(crate) attributes: Attributes,
    pub(crate) visibility: Visibility,
    pub(crate) name: Ident,
    pub(crate) input: Option<Input>,
    pub(crate) states: Vec<State>,
    pub(crate) groups: Vec<Group>,
    pub(crate) logs: Vec<Log>,
    pub(crate) transitions: Vec<Transition>,
    /// `deadline 30d;`, also of one that leads to a state
    pub(crate) deadline: Option<Duration>,
    /// Words in what could not be read: a name among them may have been declared there.
    pub(crate) unread: Vec<String>,
}

/// The attributes before a declaration.
#[derive(Default)]
pub(crate) struct Attributes {
    /// Documentation and everything that the language does not take for itself, in order.
    pub(crate) kept: Vec<Attribute>,
    pub(crate) derives: Vec<Derive>,
    /// `#[durable(version = 1)]`
    pub(crate) durable: Option<Durable>,
    /// `#[perpetual]`
    pub(crate) perpetual: Option<Attribute>,
    /// `#[no_implicit_prelude]`, as before the module that the block is in
    pub(crate) no_prelude: Option<Attribute>,
}

/// `#[durable(version = 1)]`
pub(crate) struct Durable {
    pub(crate) attribute: Attribute,
    /// 1 where none was given that could be read, which is reported.
    pub(crate) version: u32,
    /// The name that its runs are stored under, where it is not that of the workflow.
    pub(crate) name: Option<LitStr>,
    /// The number of rows of the history of a run that are kept, if not all are.
    pub(crate) history: Option<u32>,
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
    /// The error in place of its type, if a field of it could not be read.
    pub(crate) unread: Option<Type>,
}

pub(crate) struct State {
    pub(crate) attributes: Attributes,
    pub(crate) kind: StateKind,
    pub(crate) transient: Option<Ident>,
    pub(crate) name: Ident,
    /// The group that it stands in.
    pub(crate) group: Option<usize>,
    /// `None` for a state without braces, and without the data of a group.
    pub(crate) fields: Option<Vec<Field>>,
    /// The types in parentheses, which are reported: the data of a state has names.
    pub(crate) tuple: Option<Vec<Type>>,
    /// The error in place of its type, if a field of it could not be read.
    pub(crate) unread: Option<Type>,
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
    /// `#[index]`
    pub(crate) index: Option<Attribute>,
    /// True if nobody wrote it: it has the data of the group that its state, or its group, stands in.
    pub(crate) is_group: bool,
    pub(crate) name: Ident,
    pub(crate) ty: Type,
}

pub(crate) struct Transition {
    pub(crate) attributes: Attributes,
    pub(crate) kind: TransitionKind,
    pub(crate) name: Ident,
    /// `as FetchNext`
    pub(crate) outcome: Option<Ident>,
    pub(crate) sources: Vec<Ident>,
    /// None, if it is internal.
    pub(crate) targets: Vec<Ident>,
    /// True if no arrow follows its source: the run stays in its state.
    pub(crate) is_internal: bool,
    /// True if these are all that it leaves and leads to.
    pub(crate) is_read: bool,
    /// The error in place of what could not be read of these. Where there is none, every state may stand there.
    pub(crate) unread: Option<Type>,
    pub(crate) clauses: Clauses,
}

/// Who moves a transition, with what the declaration says about it.
pub(crate) enum TransitionKind {
    Step,
    Signal(Box<Signal>),
    Timer {
        due: Due,
    },
    /// `every 5s`, or `every 5s..5m`
    Poll {
        every: Given<Duration>,
        cap: Option<Given<Duration>>,
    },
    Split(Split),
    /// `deadline 30d -> TooLate;`: it leaves every state that is not final.
    Deadline(Duration),
}

/// The types of a signal.
pub(crate) struct Signal {
    pub(crate) payload: Option<Type>,
    /// `answers Cart`
    pub(crate) answers: Option<Type>,
    /// The word, in place of `:`
    pub(crate) interrupts: Option<Ident>,
}

/// When a timer fires.
pub(crate) enum Due {
    /// So long after the state was entered.
    After(Given<Duration>),
    /// At the time in this field.
    At(Place),
    /// Again and again, this time after the state was entered and after each firing.
    Every(Given<Duration>),
}

/// A duration as it was written, known to be valid.
#[derive(Clone)]
pub(crate) struct Duration {
    pub(crate) literal: Literal,
    pub(crate) milliseconds: u64,
}

impl Duration {
    /// One in the place of another that could not be read.
    pub(crate) fn stand_in(span: Span) -> Self {
        let mut literal = Literal::u64_unsuffixed(1);
        literal.set_span(span);
        Duration {
            literal,
            milliseconds: 86_400_000,
        }
    }
}

/// A whole number as it was written.
pub(crate) struct Count {
    pub(crate) literal: Literal,
    pub(crate) value: u32,
}

impl Attributes {
    /// The attributes for a function of the trait of handlers. Others, such as `inline`, need a body.
    pub(crate) fn of_handler(&self) -> impl Iterator<Item = &Attribute> {
        self.kept.iter().filter(|attribute| {
            let name = attribute
                .path()
                .get_ident()
                .map(ToString::to_string)
                .unwrap_or_default();
            ["doc", "allow", "expect", "deprecated"].contains(&name.as_str())
        })
    }

    /// The documentation.
    pub(crate) fn docs(&self) -> impl Iterator<Item = &Attribute> {
        self.kept.iter().filter(|it| it.path().is_ident("doc"))
    }
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

impl State {
    /// Returns true if runs are stored in it, and its fields could be read.
    pub(crate) fn is_stored(&self) -> bool {
        self.transient.is_none() && self.unread.is_none()
    }

    /// Returns true if it carries data.
    pub(crate) fn has_fields(&self) -> bool {
        self.fields
            .as_ref()
            .is_some_and(|fields| !fields.is_empty())
    }
}

impl TransitionKind {
    /// The keyword that opens such a transition.
    pub(crate) fn keyword(&self) -> &'static str {
        match self {
            TransitionKind::Step => "step",
            TransitionKind::Signal(_) => "signal",
            TransitionKind::Timer { .. } => "timer",
            TransitionKind::Poll { .. } => "poll",
            TransitionKind::Split(_) => "split",
            TransitionKind::Deadline(_) => "deadline",
        }
    }

    /// Returns true if the driver moves it as soon as its state is entered, so that nothing else may
    /// leave that state.
    pub(crate) fn is_active(&self) -> bool {
        matches!(self, TransitionKind::Step | TransitionKind::Split(_))
    }
}

impl Transition {
    /// One of which no more was read than this.
    pub(crate) fn begun(attributes: Attributes, kind: TransitionKind, name: Ident) -> Self {
        Transition {
            attributes,
            kind,
            name,
            outcome: None,
            sources: Vec::new(),
            targets: Vec::new(),
            is_internal: false,
            is_read: false,
            unread: None,
            clauses: Clauses::default(),
        }
    }

    /// Returns true if it is what the deadline of the workflow leads to, which no handler takes.
    pub(crate) fn is_deadline(&self) -> bool {
        matches!(self.kind, TransitionKind::Deadline(_))
    }

    /// Returns true if an event takes it: a signal, a timer or a poll.
    pub(crate) fn is_event(&self) -> bool {
        !self.kind.is_active() && !self.is_deadline()
    }

    /// The body, of a split.
    pub(crate) fn split(&self) -> Option<&Split> {
        match &self.kind {
            TransitionKind::Split(split) => Some(split),
            _ => None,
        }
    }

    /// The branches, of a split.
    pub(crate) fn branches(&self) -> impl Iterator<Item = &Branch> {
        self.split().into_iter().flat_map(|split| &split.branches)
    }

    /// The types, of a signal.
    pub(crate) fn signal(&self) -> Option<&Signal> {
        match &self.kind {
            TransitionKind::Signal(signal) => Some(signal),
            _ => None,
        }
    }

    /// The type of what a signal carries.
    pub(crate) fn payload(&self) -> Option<&Type> {
        self.signal()?.payload.as_ref()
    }

    /// The type of the answer that the sender of a signal gets.
    pub(crate) fn answers(&self) -> Option<&Type> {
        self.signal()?.answers.as_ref()
    }

    /// The word that says so, of a signal that interrupts the step or the split of its sources.
    pub(crate) fn interrupts(&self) -> Option<&Ident> {
        self.signal()?.interrupts.as_ref()
    }

    /// Returns true if it is a poll.
    pub(crate) fn is_poll(&self) -> bool {
        matches!(self.kind, TransitionKind::Poll { .. })
    }

    /// The fields that are read when its handler is to be called: those of its clauses, and of its pauses.
    pub(crate) fn reads(&self) -> Reads<'_> {
        let (pause, longest) = match &self.kind {
            TransitionKind::Poll { every, cap } => (Some(every), cap.as_ref()),
            TransitionKind::Timer {
                due: Due::Every(every),
            } => (Some(every), None),
            _ => (None, None),
        };
        let pauses = given::read(Read::Pause, pause).into_iter();
        let pauses = pauses.chain(given::read(Read::Longest, longest));
        self.clauses.reads().into_iter().chain(pauses).collect()
    }

    /// Returns true if its handler may be called more than once in a visit.
    pub(crate) fn is_repeated(&self) -> bool {
        let retry = self.clauses.retry();
        // That both are there is reported.
        let retry = retry.filter(|_| self.clauses.once().is_none());
        retry.is_some_and(|retry| match &retry.attempts {
            // Of what a field says nobody knows more.
            Attempts::Count(count) => count.written().is_none_or(|it| it.value > 1),
            Attempts::Forever => true,
        })
    }

    /// The name of the enum of the states that this transition leaves, if there are several.
    pub(crate) fn left_name(&self) -> Ident {
        let name = format!("{}From", upper_camel(&plain(&self.name)));
        let is_name = name.starts_with(char::is_alphabetic);
        let name = if is_name {
            name
        } else {
            format!("Outcome{name}")
        };
        Ident::new(&name, self.name.span())
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

    /// `GiveUp` for step `give_up`, and `OnGiveUp` for what happens to a state that waits, since events and states are
    /// both called by what happened. `None` for a name such as `__`, `_1` or `self_`.
    pub(crate) fn derived_outcome(&self) -> Option<Ident> {
        let name = type_name(&self.name)?;
        if self.kind.is_active() {
            return Some(name);
        }
        Some(Ident::new(&format!("On{}", plain(&name)), name.span()))
    }
}

/// `AssessJoined`: what the branches of the split with the outcome `Assess` are joined to.
pub(crate) fn joined_name(outcome: &Ident) -> Ident {
    Ident::new(&format!("{}Joined", plain(outcome)), outcome.span())
}

/// An identifier's text without `r#`.
pub(crate) fn plain(ident: &Ident) -> String {
    let mut text = ident.to_string();
    if text.starts_with("r#") {
        text.drain(..2);
    }
    text
}

/// `GiveUp` for `give_up`; `None` where that is no name.
pub(crate) fn type_name(snake: &Ident) -> Option<Ident> {
    let name = upper_camel(&plain(snake));
    // The characters of a name are known; it only has to begin as one and be no keyword.
    let is_name = name.starts_with(char::is_alphabetic) && name != "Self";
    is_name.then(|| Ident::new(&name, snake.span()))
}

/// `GaveUp` as `gave_up`.
pub(crate) fn lower_snake(camel: &str) -> String {
    let mut snake = String::new();
    for (index, letter) in camel.chars().enumerate() {
        if letter.is_uppercase() && index > 0 && !snake.ends_with('_') {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
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

impl ToTokens for Count {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.literal.to_tokens(tokens);
    }
}

impl ToTokens for Duration {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.literal.to_tokens(tokens);
    }
}
