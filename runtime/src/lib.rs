#![doc = include_str!("crate.md")]
#![cfg_attr(feature = "runtime", doc = include_str!("driven.md"))]
#![doc = include_str!("features.md")]
// On docs.rs each item says which feature it needs.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "runtime")]
mod breaker;
#[cfg(feature = "runtime")]
mod driver;
#[cfg(feature = "runtime")]
mod error;
#[cfg(feature = "runtime")]
mod handler;
#[cfg(feature = "runtime")]
mod journal;
#[cfg(feature = "runtime")]
mod limiter;
#[cfg(feature = "runtime")]
pub mod log;
mod macros;
#[cfg(feature = "runtime")]
mod numbers;
#[cfg(feature = "durable")]
mod payload;
#[cfg(feature = "runtime")]
mod policy;
#[cfg(feature = "runtime")]
mod run;
#[cfg(feature = "durable")]
pub mod runner;
#[cfg(feature = "runtime")]
mod split;
#[cfg(feature = "durable")]
pub mod store;
#[cfg(feature = "runtime")]
mod support;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "runtime")]
mod wait;

#[cfg(feature = "runtime")]
pub use breaker::{Breaker, BreakerOpen, BreakerState, Permit, Refused};
#[cfg(feature = "runtime")]
pub use driver::Running;
#[cfg(feature = "runtime")]
pub use error::{
    BranchError, Cause, JoinError, PolicyError, PolicyValue, Rollback, RunError, Scope, UndoEntry,
    UndoError,
};
#[cfg(feature = "runtime")]
pub use handler::{Branch, Step, Undo, Undoing};
#[cfg(feature = "runtime")]
pub use limiter::{CostAboveCapacity, Limiter};
#[cfg(feature = "runtime")]
pub use numbers::{ClauseNumber, ClauseTime};
#[cfg(feature = "durable")]
pub use payload::codec::{self, Codec, CodecError, Json};
#[cfg(feature = "durable")]
pub use payload::durable::Durable;
#[cfg(feature = "durable")]
pub use payload::index::IndexField;
#[cfg(feature = "durable")]
pub use run::IntoRunId;
#[cfg(feature = "runtime")]
pub use run::{BranchName, Key, RunId, RunIdError};
#[cfg(feature = "durable")]
pub use runner::{
    AppliedSignal, EndError, LaunchError, NotApplied, RetryRollbackError, RunFailure, RunInfo,
    Runner, Runners, SentMessage, SentSignal, SignalError, StartError,
};
#[cfg(feature = "runtime")]
pub use split::{Branched, Entries, First};
pub use stateway_core::{
    BranchInfo, Dot, Due, EachInfo, Given, Graph, GroupInfo, Jitter, LogInfo, Mermaid, Policy,
    Retry, SplitInfo, State, StateInfo, StateKind, Strategy, Transition, TransitionInfo,
    TransitionKind, UndoInfo, Workflow,
};
#[cfg(feature = "redb")]
pub use store::{Durability, OpenError, RedbStore};
#[cfg(feature = "durable")]
pub use store::{MemoryStore, Store, StoreError};
#[cfg(feature = "durable")]
pub use support::clock::Clock;
#[cfg(feature = "runtime")]
pub use tokio_util::sync::CancellationToken;
#[cfg(feature = "runtime")]
pub use wait::{
    Answer, Answered, NoAnswer, PointInTime, Remote, RunGone, Signal, Signals, TimeSpan,
};
#[cfg(feature = "durable")]
pub use wait::{Applies, RecordedAnswer};

#[cfg(feature = "runtime")]
pub mod guide;

/// The items that a module needs to declare, handle or run workflows.
pub mod prelude {
    #[cfg(feature = "durable")]
    pub use crate::store::Filter;
    pub use crate::workflow;
    #[cfg(feature = "runtime")]
    pub use crate::{
        Answered, Branch, BranchError, Branched, Breaker, CancellationToken, Cause, First,
        JoinError, Limiter, Rollback, RunError, Step, Undo, UndoError, Undoing,
    };
    #[cfg(feature = "durable")]
    pub use crate::{EndError, Runner, StartError};
}

/// Tests the code of the README like that of the documentation.
#[cfg(all(doctest, feature = "redb"))]
#[doc = include_str!("../README.md")]
mod readme {}

/// The items that generated code uses. Not for use by hand.
///
/// Its name has the number of the release, which `expand!` names too: a macro and a runtime of different releases do not fit, and
/// the error names both.
#[doc(hidden)]
pub mod __private0_1 {
    // Under one short path: a path of the standard library has twice as many tokens, and the
    // compiler reads the expansion of each block at every `cargo check`.
    pub use core::clone::Clone;
    pub use core::convert::{From, TryFrom, identity};
    pub use core::error::Error;
    pub use core::future::{Future, pending};
    pub use core::marker::{Send, Sync};
    pub use core::ops::{Deref, FnOnce};
    pub use core::option::Option::{self, None, Some};
    pub use core::pin::pin;
    pub use core::result::Result::{self, Err, Ok};
    pub use core::time::Duration;

    pub use stateway_core::{
        __deserialize as deserialize, __serialize as serialize, __typestate as typestate,
    };
    pub use stateway_core::{
        Accepts, BranchInfo, Carry, Graph, InOneState, Kept, KeptInput, Machine, MadeOf, OfAnswer,
        OfBranch, OfInput, OfLentState, OfSignal, OfState, Policy, Source, StartState, State,
        StateInfo, StateKind, Strategy, Target, Transition, TransitionInfo, TransitionKind,
        Workflow, advance, advance_answering, branch, demand_kept_to_catch,
        demand_kept_to_interrupt, demand_kept_to_retry, demand_kept_to_undo,
        demand_kept_to_undo_effect, demand_made, demand_output_kept_to_undo, demand_repeated,
        demand_stored, demand_stored_answer, demand_stored_group, demand_stored_input,
        demand_stored_log, demand_stored_output, demand_stored_signal, enter, forever, graph,
        group, known, log, narrow, nothing_is_left, retry, split, state, transition, undo,
        undo_effect, widen,
    };
    pub use stateway_macros::expand;

    #[cfg(feature = "runtime")]
    pub use crate::driver::{
        Drive, Failed, Group, Grouped, Judge, Made, MayStay, NotMade, NotSent, On, Once, Running,
        SendTurns, TakenFrom, Turn, Turns, UndoFailure, asked, events1, events2, events3, events4,
        events5, events6, events7, events8, grouped, leads_answering, machine_of, on, run, running,
        running_on, stays, stays_answering, steps1, steps2, steps3, steps4, steps5, steps6, steps7,
        steps8, turns1, turns2, turns3, turns4, turns5, turns6, turns7, turns8, undos1, undos2,
        undos3, undos4, undos5, undos6, undos7, undos8,
    };
    #[cfg(feature = "runtime")]
    pub use crate::error::{Cause, ErasedValue};
    #[cfg(feature = "runtime")]
    pub use crate::handler::{Async, Branch, Step, Undo, Undoing};
    #[cfg(feature = "durable")]
    pub use crate::log::{LoggedEntries, NotLogged, RunLogs};
    #[cfg(feature = "runtime")]
    pub use crate::numbers::{JoinTerms, Numbers, join_terms};
    #[cfg(feature = "durable")]
    pub use crate::payload::codec::{Codec, CodecError};
    #[cfg(feature = "durable")]
    pub use crate::payload::durable::{
        Compared, Durable, NotCompared, NotStored, Stored, borrowed, by_reference, never_stored,
        no_effect, nothing_from_json, package,
    };
    #[cfg(feature = "durable")]
    pub use crate::payload::index::indexed;
    #[cfg(feature = "runtime")]
    pub use crate::policy::{
        Caught, Copied, Fails, ForAll, ForOne, Guard, InDoubt, Keep, Limited, NoGate, NotKept,
        Nothing, Otherwise, Reads, UndoTurn, Verdict, attempted, attempted_by, copied, copy_of,
        no_gate, undo_in_doubt, undo_of_branch,
    };
    #[cfg(feature = "runtime")]
    pub use crate::run::CurrentRun;
    #[cfg(feature = "durable")]
    pub use crate::run::EffectSource;
    #[cfg(feature = "durable")]
    pub use crate::split::remembered;
    #[cfg(feature = "runtime")]
    pub use crate::split::{
        Attempt, Begin, Both, Branched, Branches, Each, First, Join, MaybeDebug, Named, NotDebug,
        One, Report, RunningBranch, all, both, called, context, each, ended, entries, first, item,
        item_of, items, join, join_by, named, one, pair, pairs, spawned, undoable, unshared,
    };
    #[cfg(feature = "durable")]
    pub use crate::store::IndexEntry;
    #[cfg(feature = "durable")]
    pub use crate::wait::Applies;
    #[cfg(feature = "runtime")]
    pub use crate::wait::{
        AnyPayload, Timing, answered, payload, payload_copy, signal, with_copy, with_payload,
    };
    #[cfg(feature = "durable")]
    pub use serde;
    #[cfg(feature = "runtime")]
    pub use std::sync::Arc;
    #[cfg(feature = "runtime")]
    pub use std::vec::Vec;
}
