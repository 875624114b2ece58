//! Keeps JSON from nesting deeper than it can be read again.

use std::io::{Error, Result, Write};

use serde_json::ser::Formatter;

use super::error::TOO_DEEP;

/// The number of levels of arrays and objects: as many as `serde_json` reads.
pub(super) const DEPTH: usize = 127;

/// Writes JSON without spaces, up to the greatest depth.
///
/// It stops at that depth, so a value that nests without end does not keep it busy.
#[derive(Default)]
pub(super) struct Bounded {
    depth: usize,
}

fn too_deep() -> Error {
    Error::other(TOO_DEEP)
}

impl Bounded {
    fn enter(&mut self) -> Result<()> {
        if self.depth == DEPTH {
            return Err(too_deep());
        }
        self.depth += 1;
        Ok(())
    }
}

impl Formatter for Bounded {
    fn begin_array<W: ?Sized + Write>(&mut self, to: &mut W) -> Result<()> {
        self.enter()?;
        to.write_all(b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, to: &mut W) -> Result<()> {
        self.depth -= 1;
        to.write_all(b"]")
    }

    fn begin_object<W: ?Sized + Write>(&mut self, to: &mut W) -> Result<()> {
        self.enter()?;
        to.write_all(b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, to: &mut W) -> Result<()> {
        self.depth -= 1;
        to.write_all(b"}")
    }

    /// Checks a `RawValue`, which is read without a limit of its own.
    fn write_raw_fragment<W: ?Sized + Write>(&mut self, to: &mut W, json: &str) -> Result<()> {
        if self.depth + depth(json) > DEPTH {
            return Err(too_deep());
        }
        to.write_all(json.as_bytes())
    }
}

/// Returns the depth of a JSON text.
fn depth(json: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut bytes = json.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => {
                while let Some(byte) = bytes.next() {
                    match byte {
                        b'"' => break,
                        b'\\' => _ = bytes.next(),
                        _ => {}
                    }
                }
            }
            b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}
