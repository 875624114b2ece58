//! The interface of a `#[durable]` workflow's generated code to the runner: its payloads as bytes.

#![expect(
    missing_debug_implementations,
    reason = "generated code names them, and nobody prints them"
)]

use serde::de::DeserializeOwned;
use stateway_core::Workflow;

use crate::log::RunLogs;
use crate::payload::codec::{Codec, CodecError, Json, PayloadRef, decode};
use crate::run::EffectSource;
use crate::store::IndexEntry;
use crate::wait::AnyPayload;

/// A workflow whose runs can be stored: it is declared with `#[durable(version = N)]`.
///
/// Only generated code implements it.
#[diagnostic::on_unimplemented(
    message = "runs of `{Self}` cannot be stored: it is not declared durable",
    label = "a runner stores its runs",
    note = "put `#[durable(version = 1)]` before `workflow`, or run it in memory with `.run(&context)`"
)]
pub trait Durable: Workflow {
    /// The version of the declaration, which is stored with each run.
    const VERSION: u32;

    /// The name that its runs are stored under: that of `#[durable(name = "..")]`. Defaults to the name of the workflow.
    const NAME: &'static str = Self::GRAPH.name;

    /// The number of rows that the history of a run keeps: that of `#[durable(history = ..)]`. Defaults to all of them.
    const HISTORY: Option<u32> = None;

    /// The package that declares it. If two packages declare the same name, the [launch](crate::runner::Builder::launch) of a runner
    /// fails.
    const PACKAGE: &'static str;

    /// Encodes a run's input.
    #[doc(hidden)]
    fn encode_input(input: &Self::Input, codec: &dyn Codec) -> Result<Vec<u8>, CodecError>;

    /// Decodes a run's input.
    #[doc(hidden)]
    fn decode_input(bytes: &[u8], codec: &dyn Codec) -> Result<Self::Input, CodecError>;

    /// Encodes a state.
    #[doc(hidden)]
    fn encode(state: &Self::State, codec: &dyn Codec) -> Result<Vec<u8>, CodecError>;

    /// Decodes the state at this position of the graph.
    #[doc(hidden)]
    fn decode(position: usize, bytes: &[u8], codec: &dyn Codec) -> Result<Self::State, CodecError>;

    /// Returns the index of a run in this state.
    #[doc(hidden)]
    fn index(state: &Self::State) -> Vec<IndexEntry> {
        let _ = state;
        Vec::new()
    }

    /// Decodes the payload of the signal at this position of the graph.
    #[doc(hidden)]
    fn decode_signal(
        transition: usize,
        bytes: &[u8],
        codec: &dyn Codec,
    ) -> Result<AnyPayload, CodecError> {
        let _ = (transition, bytes, codec);
        Ok(AnyPayload::nothing())
    }

    /// Returns the state that a visit to this transition leaves, as its effects share it: branches that can be undone, or a call in
    /// doubt.
    ///
    /// # Panics
    /// If the transition has no effects.
    #[doc(hidden)]
    fn effect_source(transition: usize, state: Self::State) -> EffectSource {
        let _ = state;
        no_effect(transition)
    }

    /// Decodes the output of a branch that can be undone; `undo` is the number of its undo.
    ///
    /// # Errors
    /// If they do not decode.
    #[doc(hidden)]
    fn effect_output(
        transition: usize,
        undo: usize,
        output: &[u8],
        codec: &dyn Codec,
    ) -> Result<AnyPayload, CodecError> {
        let _ = (undo, output, codec);
        no_effect(transition)
    }

    /// Encodes the answer to the signal at this position of the graph; `None` if its sender gets no answer.
    #[doc(hidden)]
    fn encode_answer(
        transition: usize,
        answer: &AnyPayload,
        codec: &dyn Codec,
    ) -> Result<Option<Vec<u8>>, CodecError> {
        let _ = (transition, answer, codec);
        Ok(None)
    }

    /// Turns JSON into the stored bytes of a payload of the signal at this position of the graph.
    #[doc(hidden)]
    fn signal_from_json(
        transition: usize,
        json: &[u8],
        codec: &dyn Codec,
    ) -> Result<Vec<u8>, CodecError> {
        let _ = transition;
        nothing_from_json(json, codec)
    }

    /// Encodes each entry that the current handler has added to the log at this position of the graph.
    #[doc(hidden)]
    fn encode_log(
        position: usize,
        logs: &RunLogs,
        codec: &dyn Codec,
    ) -> Result<Vec<Vec<u8>>, CodecError> {
        let _ = (position, logs, codec);
        Ok(Vec::new())
    }

    /// Decodes an entry and puts it into the log at this position of the graph.
    #[doc(hidden)]
    fn decode_log(
        position: usize,
        bytes: &[u8],
        logs: &RunLogs,
        codec: &dyn Codec,
    ) -> Result<(), CodecError> {
        let _ = (position, bytes, logs, codec);
        Ok(())
    }

    /// Returns true if two inputs are equal; `None` if they cannot be compared.
    #[doc(hidden)]
    fn same_input(one: &Self::Input, other: &Self::Input) -> Option<bool>;

    /// Returns true if two start states are equal; `None` if they cannot be compared.
    #[doc(hidden)]
    fn same_start(one: &Self::State, other: &Self::State) -> Option<bool>;
}

/// Returns the name of the package that is compiled, if cargo compiles it.
#[must_use]
pub const fn package(name: Option<&'static str>) -> &'static str {
    match name {
        Some(name) => name,
        None => "",
    }
}

/// A payload to be encoded or, as a type, decoded.
///
/// A payload that serde cannot store is reported where it is declared. The code that encodes it
/// still compiles, so that this is the only error: the methods are then those of [`NotStored`].
pub struct Stored<'a, T>(pub Option<&'a T>);

impl<T: serde::Serialize + DeserializeOwned> Stored<'_, T> {
    /// Returns its bytes.
    ///
    /// # Errors
    /// The error of the codec.
    ///
    /// # Panics
    /// If this is a type only.
    pub fn encode(&self, codec: &dyn Codec) -> Result<Vec<u8>, CodecError> {
        let payload = self.0.expect("there is one to be encoded");
        codec.encode(PayloadRef::new(payload))
    }

    /// Returns the payload that this JSON stands for, as bytes.
    ///
    /// # Errors
    /// If the JSON does not fit the payload's type, or the error of the codec.
    pub fn from_json(&self, json: &[u8], codec: &dyn Codec) -> Result<Vec<u8>, CodecError> {
        let payload: T = decode(&Json, json)?;
        codec.encode(PayloadRef::new(&payload))
    }

    /// Returns the payload of these bytes, as the value that it is a part of.
    ///
    /// # Errors
    /// The error of the codec.
    pub fn decode<U>(
        &self,
        bytes: &[u8],
        codec: &dyn Codec,
        whole: impl FnOnce(T) -> U,
    ) -> Result<U, CodecError> {
        decode(codec, bytes).map(whole)
    }
}

/// A payload that serde cannot store.
pub trait NotStored<T> {
    /// Is never called: it does not compile.
    ///
    /// # Errors
    /// None.
    fn encode(&self, codec: &dyn Codec) -> Result<Vec<u8>, CodecError>;

    /// Is never called: it does not compile.
    ///
    /// # Errors
    /// None.
    #[expect(clippy::wrong_self_convention, reason = "it is the other one's")]
    fn from_json(&self, json: &[u8], codec: &dyn Codec) -> Result<Vec<u8>, CodecError>;

    /// Is never called: it does not compile.
    ///
    /// # Errors
    /// None.
    fn decode<U>(
        &self,
        bytes: &[u8],
        codec: &dyn Codec,
        whole: impl FnOnce(T) -> U,
    ) -> Result<U, CodecError>;
}

impl<T> NotStored<T> for Stored<'_, T> {
    fn encode(&self, _: &dyn Codec) -> Result<Vec<u8>, CodecError> {
        unreachable!("a payload that serde cannot store does not compile")
    }

    fn from_json(&self, _: &[u8], _: &dyn Codec) -> Result<Vec<u8>, CodecError> {
        unreachable!("a payload that serde cannot store does not compile")
    }

    fn decode<U>(&self, _: &[u8], _: &dyn Codec, _: impl FnOnce(T) -> U) -> Result<U, CodecError> {
        unreachable!("a payload that serde cannot store does not compile")
    }
}

/// Two payloads to be compared.
///
/// Payloads that are not `PartialEq` are compared as they are stored: `is_same` is then the method of [`NotCompared`].
pub struct Compared<'a, T>(pub &'a T, pub &'a T);

impl<T: PartialEq> Compared<'_, T> {
    /// Returns true if they are equal.
    #[must_use]
    pub fn is_same(&self) -> Option<bool> {
        Some(self.0 == self.1)
    }
}

/// Two payloads that cannot be compared.
pub trait NotCompared {
    /// Returns `None`.
    fn is_same(&self) -> Option<bool>;
}

impl<T> NotCompared for Compared<'_, T> {
    fn is_same(&self) -> Option<bool> {
        None
    }
}

/// Reads the payload of a signal without one from JSON: an empty text, or `null`.
///
/// # Errors
/// If the JSON is anything else.
pub fn nothing_from_json(json: &[u8], codec: &dyn Codec) -> Result<Vec<u8>, CodecError> {
    if !json.trim_ascii().is_empty() {
        decode::<()>(&Json, json)?;
    }
    codec.encode(PayloadRef::new(&()))
}

/// Stands for the effects of a transition that has none according to the graph.
///
/// # Panics
/// Always.
#[must_use]
pub fn no_effect<T>(transition: usize) -> T {
    unreachable!("transition {transition} has nothing that is undone by itself")
}

/// Stands for the bytes of a state that is never stored.
///
/// # Errors
/// Always.
pub fn never_stored<T>() -> Result<T, CodecError> {
    Err(CodecError::new(stateway_core::NEVER_STORED))
}

/// Serializes a field under a bound that is not an error if it does not hold: derived code names this for the
/// fields whose type is demanded elsewhere.
///
/// # Errors
/// The error of the serializer.
pub fn by_reference<T: ?Sized, S: serde::Serializer>(
    value: &T,
    serializer: S,
) -> Result<S::Ok, S::Error>
where
    for<'a> &'a T: serde::Serialize,
{
    serde::Serialize::serialize(&value, serializer)
}

/// Reads a field that borrows, which is reported where it is declared.
///
/// # Errors
/// Always: there is nothing to borrow from.
pub fn borrowed<'de, T, D: serde::Deserializer<'de>>(_: D) -> Result<T, D::Error> {
    Err(serde::de::Error::custom(
        "there is nobody to borrow from when a run is read",
    ))
}
