//! The clauses after `with`.

use std::ops::Deref;

use proc_macro2::{Group, Ident, Literal, TokenStream};
use quote::ToTokens;

use syn::Type;

use super::given::read;
use super::{Count, Duration, Given, Read, Reads};

/// `retry(3)`
pub(crate) struct Clause {
    pub(crate) name: Ident,
    /// The tokens in parentheses, as they were written.
    pub(crate) arguments: Option<Group>,
    pub(crate) meaning: Meaning,
    /// The error in place of what could not be read of it. Its handlers are then those that it seems to name.
    pub(crate) unread: Option<Type>,
}

/// The clauses after `with`, at most one of each kind.
#[derive(Default)]
pub(crate) struct Clauses(pub(crate) Vec<Clause>);

/// The meaning of a clause.
pub(crate) enum Meaning {
    Retry(Retry),
    Timeout(Given<Duration>),
    Deadline(Given<Duration>),
    Undo(Undo),
    Catch(Ident),
    /// The state that the last failed attempt leads to.
    Else(Ident),
    /// `else pause`: the word `pause`.
    Pause(Ident),
    Breaker(Ident),
    Limit(Ident),
    Spawn,
    /// The handler is never called a second time, also if its process dies.
    Once,
}

/// `retry(5, backoff 100ms..10s, factor 3, no jitter)`
pub(crate) struct Retry {
    pub(crate) attempts: Attempts,
    pub(crate) delay: Option<Delay>,
    /// As it was written, and its value.
    pub(crate) factor: Option<(Literal, f64)>,
    /// The first word of `full jitter` or `no jitter`.
    pub(crate) jitter: Option<(Ident, Jitter)>,
}

pub(crate) enum Attempts {
    Count(Given<Count>),
    /// `forever`
    Forever,
}

#[derive(Clone, Copy)]
pub(crate) enum Jitter {
    Full,
    None,
}

impl Jitter {
    /// As it is written.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Jitter::Full => "full jitter",
            Jitter::None => "no jitter",
        }
    }
}

pub(crate) enum Delay {
    /// `backoff A..B`
    Backoff {
        first: Given<Duration>,
        cap: Given<Duration>,
    },
    /// `every D`
    Every(Given<Duration>),
}

/// `undo(release)`, or `undo(B => release, C => give_back)`; then `in doubt`, its own `retry` and `timeout`.
#[derive(Default)]
pub(crate) struct Undo {
    /// The target, where it is named, and the handler.
    pub(crate) handlers: Vec<(Option<Ident>, Ident)>,
    pub(crate) in_doubt: Option<InDoubt>,
    /// True if there may be more of them.
    pub(crate) is_damaged: bool,
    pub(crate) retry: Option<Retry>,
    pub(crate) timeout: Option<Given<Duration>>,
}

impl Retry {
    /// The fields that it reads.
    fn reads(&self) -> Reads<'_> {
        let attempts = match &self.attempts {
            Attempts::Count(count) => Some(count),
            Attempts::Forever => None,
        };
        let delays = match &self.delay {
            None => [None, None],
            Some(Delay::Backoff { first, cap }) => {
                [read(Read::First, Some(first)), read(Read::Cap, Some(cap))]
            }
            Some(Delay::Every(every)) => [read(Read::Every, Some(every)), None],
        };
        let attempts = read(Read::Attempts, attempts).into_iter();
        attempts.chain(delays.into_iter().flatten()).collect()
    }
}

impl Undo {
    /// The fields that its own clauses read.
    pub(crate) fn reads(&self) -> Reads<'_> {
        let retry = self.retry.iter().flat_map(Retry::reads);
        let timeout = read(Read::Timeout, self.timeout.as_ref());
        retry.chain(timeout).collect()
    }
}

/// `in doubt`, or `in doubt => look`
pub(crate) struct InDoubt {
    /// The word `doubt`.
    pub(crate) word: Ident,
    /// The handler of its own, if it has one.
    pub(crate) handler: Option<Ident>,
}

impl Undo {
    /// All handlers, in the order of the clause.
    pub(crate) fn names(&self) -> impl Iterator<Item = &Ident> {
        let in_doubt = self.in_doubt.iter().filter_map(|it| it.handler.as_ref());
        self.handlers.iter().map(|(_, name)| name).chain(in_doubt)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClauseKind {
    Retry,
    Timeout,
    Deadline,
    Undo,
    Catch,
    Else,
    Breaker,
    Limit,
    Spawn,
    Once,
}

impl Clauses {
    /// Returns the meaning of the clause of this kind.
    pub(crate) fn clause(&self, kind: ClauseKind) -> Option<&Meaning> {
        let clause = self.0.iter().find(|clause| clause.kind() == kind)?;
        Some(&clause.meaning)
    }

    /// Marks all of them as what could not be read: `error` has been reported of where they stand.
    pub(crate) fn doubt(&mut self, error: &Type) {
        for clause in &mut self.0 {
            clause.unread.get_or_insert_with(|| error.clone());
        }
    }

    /// The error in place of what could not be read of the clause of this kind.
    pub(crate) fn unread(&self, kind: ClauseKind) -> Option<&Type> {
        let clause = self.0.iter().find(|clause| clause.kind() == kind)?;
        clause.unread.as_ref()
    }

    pub(crate) fn retry(&self) -> Option<&Retry> {
        match self.clause(ClauseKind::Retry)? {
            Meaning::Retry(retry) => Some(retry),
            _ => None,
        }
    }

    /// The clause with its handlers.
    pub(crate) fn undo(&self) -> Option<(&Clause, &Undo)> {
        self.0.iter().find_map(|clause| match &clause.meaning {
            Meaning::Undo(undo) => Some((clause, undo)),
            _ => None,
        })
    }

    /// The part of the undo about a call in doubt, if it has one.
    pub(crate) fn in_doubt(&self) -> Option<&InDoubt> {
        self.undo().and_then(|(_, undo)| undo.in_doubt.as_ref())
    }

    /// The time of `timeout(..)` or `deadline(..)`.
    pub(crate) fn time(&self, kind: ClauseKind) -> Option<&Given<Duration>> {
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

    /// The clause `else`, with the state that it names.
    pub(crate) fn fallback(&self) -> Option<(&Clause, &Ident)> {
        self.0.iter().find_map(|clause| match &clause.meaning {
            Meaning::Else(state) => Some((clause, state)),
            _ => None,
        })
    }

    /// The clause `else pause`, with its second word.
    pub(crate) fn pause(&self) -> Option<(&Clause, &Ident)> {
        self.0.iter().find_map(|clause| match &clause.meaning {
            Meaning::Pause(pause) => Some((clause, pause)),
            _ => None,
        })
    }

    /// The clause `once`.
    pub(crate) fn once(&self) -> Option<&Clause> {
        self.iter().find(|clause| clause.kind() == ClauseKind::Once)
    }

    /// The fields that they read for the handler itself.
    pub(crate) fn reads(&self) -> Reads<'_> {
        let retry = self.retry().map(Retry::reads).unwrap_or_default();
        let timeout = read(Read::Timeout, self.time(ClauseKind::Timeout));
        let deadline = read(Read::Deadline, self.time(ClauseKind::Deadline));
        retry.into_iter().chain(timeout).chain(deadline).collect()
    }

    /// Returns true if any of them says how the handler is called.
    pub(crate) fn guard(&self) -> bool {
        self.iter().any(|clause| clause.kind().guards())
    }
}

impl Deref for Clauses {
    type Target = [Clause];

    fn deref(&self) -> &[Clause] {
        &self.0
    }
}

impl Clause {
    pub(crate) fn kind(&self) -> ClauseKind {
        match self.meaning {
            Meaning::Retry(_) => ClauseKind::Retry,
            Meaning::Timeout(_) => ClauseKind::Timeout,
            Meaning::Deadline(_) => ClauseKind::Deadline,
            Meaning::Undo(_) => ClauseKind::Undo,
            Meaning::Catch(_) => ClauseKind::Catch,
            Meaning::Else(_) | Meaning::Pause(_) => ClauseKind::Else,
            Meaning::Breaker(_) => ClauseKind::Breaker,
            Meaning::Limit(_) => ClauseKind::Limit,
            Meaning::Spawn => ClauseKind::Spawn,
            Meaning::Once => ClauseKind::Once,
        }
    }
}

impl ClauseKind {
    pub(crate) const ALL: [ClauseKind; 10] = [
        ClauseKind::Retry,
        ClauseKind::Timeout,
        ClauseKind::Deadline,
        ClauseKind::Undo,
        ClauseKind::Catch,
        ClauseKind::Else,
        ClauseKind::Breaker,
        ClauseKind::Limit,
        ClauseKind::Spawn,
        ClauseKind::Once,
    ];

    pub(crate) fn word(self) -> &'static str {
        match self {
            ClauseKind::Retry => "retry",
            ClauseKind::Timeout => "timeout",
            ClauseKind::Deadline => "deadline",
            ClauseKind::Undo => "undo",
            ClauseKind::Catch => "catch",
            ClauseKind::Else => "else",
            ClauseKind::Breaker => "breaker",
            ClauseKind::Limit => "limit",
            ClauseKind::Spawn => "spawn",
            ClauseKind::Once => "once",
        }
    }

    /// Returns true if it says how the handler of a transition is called.
    pub(crate) fn guards(self) -> bool {
        !matches!(self, ClauseKind::Undo | ClauseKind::Spawn)
    }
}

impl ToTokens for Clause {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.name.to_tokens(tokens);
        self.arguments.to_tokens(tokens);
        if let Meaning::Else(word) | Meaning::Pause(word) = &self.meaning {
            word.to_tokens(tokens);
        }
    }
}
