//! Reads a claimed run, if this program can.

use super::settings::Settings;
use crate::payload::codec::{Codec, guarded};
use crate::payload::durable::Durable;
use crate::store::{Claimed, RunRow};

/// Reads the parts that a claimed run continues with.
///
/// # Errors
/// The reason why it cannot continue.
pub(super) fn take_up<W: Durable>(
    claimed: &Claimed,
    settings: &Settings,
) -> Result<(W::Input, Option<W::State>), String> {
    let row = &claimed.row;
    let way_out = "run a program of that version until it has ended, or terminate it";
    is_of_version::<W>(row).map_err(|reason| format!("{reason}: {way_out}"))?;
    if row.crashes >= settings.max_crashes {
        let state = &row.state;
        return Err(match row.crashes {
            1 => format!("its process died once in state `{state}`: find out why, and unpark it"),
            crashes => {
                format!(
                    "its process died {crashes} times in state `{state}`: find out why, and unpark it"
                )
            }
        });
    }
    let codec = &*settings.codec;
    let way_out = "run a program that reads it, or terminate it";
    let input =
        read_input::<W>(&claimed.input, codec).map_err(|reason| format!("{reason}; {way_out}"))?;
    let state = &row.state;
    let position = position::<W>(state)
        .map_err(|reason| format!("{reason}: run a program that has it, or terminate it"))?;
    if row.rolls_back {
        return Ok((input, None));
    }
    let payload = guarded(|| W::decode(position, &claimed.payload, codec));
    let payload =
        payload.map_err(|error| format!("state `{state}` does not decode: {error}; {way_out}"))?;
    Ok((input, Some(payload)))
}

/// Checks that a run is of the version that this program has.
///
/// # Errors
/// A sentence that names both versions.
pub(super) fn is_of_version<W: Durable>(row: &RunRow) -> Result<(), String> {
    if row.version == W::VERSION {
        return Ok(());
    }
    Err(format!(
        "it was started with version {} of `{}`, and this program has version {}",
        row.version,
        W::GRAPH.name,
        W::VERSION
    ))
}

/// Returns true if the deadline of a run has passed, and has led it to a state.
pub(super) fn is_late<W: Durable>(row: &RunRow) -> bool {
    let late = W::GRAPH.late().map(|late| W::GRAPH.transitions[late].name);
    late.is_some_and(|late| row.fired.iter().any(|it| it.transition == late))
}

/// Returns the position of the state of a run in the graph.
///
/// # Errors
/// A sentence that says that this program does not have it.
pub(super) fn position<W: Durable>(state: &str) -> Result<usize, String> {
    let mut states = W::GRAPH.states.iter();
    states.position(|it| it.name == state).ok_or_else(|| {
        let name = W::GRAPH.name;
        format!("it is in state `{state}`, which `{name}` does not have")
    })
}

/// Decodes the input of a run.
///
/// # Errors
/// A sentence that says that it does not decode.
pub(super) fn read_input<W: Durable>(input: &[u8], codec: &dyn Codec) -> Result<W::Input, String> {
    let input = guarded(|| W::decode_input(input, codec));
    input.map_err(|error| format!("its input does not decode: {error}"))
}
