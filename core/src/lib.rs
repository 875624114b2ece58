//! The base of the code that Stateway's `workflow!` generates: the shape of a workflow as data
//! ([`Graph`]), and the traits that tie its states and transitions together.
//!
//! Users depend on the crate `stateway`, which re-exports what they need from here. This crate
//! knows no executor, no store and no macro, so that a machine compiles wherever `alloc` does.
//!
//! In the examples here, `Order::GRAPH` and the like are graphs as `workflow!` makes them.
#![no_std]

// Nothing here allocates yet; the crate promises `alloc` so that later additions may.
mod diagram;
mod given;
mod graph;
mod machine;
mod payload;
mod policy;
mod split;
mod stored;
mod typestate;
mod workflow;

/// For generated code, which may stand where there is no prelude.
#[doc(hidden)]
pub use core::{
    option::Option::{self, None, Some},
    result::Result::{self, Err, Ok},
};
/// For generated code, which may stand where there is no prelude.
#[doc(hidden)]
pub use serde_core as serde;

pub use diagram::{Dot, Mermaid};
pub use given::Given;
pub use graph::{
    Due, Graph, GroupInfo, LogInfo, StateInfo, StateKind, TransitionInfo, TransitionKind, graph,
    group, log, state, transition,
};
pub use machine::{Machine, advance, advance_answering, enter, parts};
pub use payload::{
    AnswerPayload, CarriedPayload, Carry, Kept, KeptInput, LentPayload, LogPayload, MadeOf,
    OfAnswer, OfBranch, OfInput, OfLentState, OfSignal, OfState, OutputPayload, Payload,
    RepeatedPayload, SharedPayload, StoredAnswer, StoredGroup, StoredInput, StoredLog,
    StoredOutput, StoredSignal, StoredState, demand_kept_to_catch, demand_kept_to_interrupt,
    demand_kept_to_retry, demand_kept_to_undo, demand_kept_to_undo_effect, demand_made,
    demand_output_kept_to_undo, demand_repeated, demand_stored, demand_stored_answer,
    demand_stored_group, demand_stored_input, demand_stored_log, demand_stored_output,
    demand_stored_signal,
};
pub use policy::{Jitter, Policy, Retry, UndoInfo, forever, retry, undo, undo_effect};
pub use split::{BranchInfo, EachInfo, SplitInfo, Strategy, branch, split};
#[doc(hidden)]
pub use stored::{NEVER_STORED, Variant, no_variant, wrapped};
pub use workflow::{
    Accepts, InOneState, Name, Source, StartState, State, Target, Targets, Transition, Words,
    Workflow, ask, end, gather, known, narrow, nothing_is_left, put, put_there, take, widen,
};
