//! Cuts files between words, and makes chunks of about equal size of what was cut.
//!
//! A large file gives parts for several chunks, and many small ones share a chunk. What is cut here
//! is read again when it is counted: a folder may hold more text than fits into memory.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use crate::words;

/// A part of a file is about this long: the bytes that are read at once.
const PART: u64 = 128 * 1024;

/// A part of a file: text that begins and ends between two words.
#[derive(Debug)]
pub(crate) struct Part {
    /// The position of the file in the listing.
    pub(crate) file: usize,
    from: u64,
    length: usize,
}

/// The chunk that is counted at a time.
#[derive(Debug)]
pub(crate) struct Chunk {
    pub(crate) parts: Vec<Part>,
}

/// Cuts the file that has this position in the listing; `None` if it is not text.
///
/// Text is UTF-8 without a zero byte: a file with one is no text that anybody reads.
///
/// # Errors
/// If the file cannot be read.
pub(crate) fn cut(path: &Path, file: usize) -> io::Result<Option<Vec<Part>>> {
    let mut input = File::open(path)?;
    let (mut parts, mut from) = (Vec::new(), 0);
    // The bytes that are read and not cut yet, and how many of them are known to be text.
    let (mut buffer, mut valid) = (Vec::new(), 0);
    loop {
        let seen = buffer.len();
        let read = input.by_ref().take(PART).read_to_end(&mut buffer)? as u64;
        match text_in(&buffer[valid..]) {
            Some(length) => valid += length,
            None => return Ok(None),
        }
        if read < PART {
            break;
        }
        // Without a break, as in a line of many megabytes of digits, the part becomes longer.
        if let Some(last) = buffer[seen..].iter().rposition(|byte| is_break(*byte)) {
            let length = seen + last + 1;
            buffer.drain(..length);
            valid -= length;
            parts.push(Part { file, from, length });
            from += length as u64;
        }
    }
    if valid < buffer.len() {
        return Ok(None);
    }
    if !buffer.is_empty() {
        let length = buffer.len();
        parts.push(Part { file, from, length });
    }
    Ok(Some(parts))
}

/// Counts the bytes that are text, where a character at the end may not be complete yet; `None` if
/// others can never become text.
fn text_in(bytes: &[u8]) -> Option<usize> {
    if bytes.contains(&0) {
        return None;
    }
    match str::from_utf8(bytes) {
        Ok(text) => Some(text.len()),
        Err(error) if error.error_len().is_none() => Some(error.valid_up_to()),
        Err(_) => None,
    }
}

/// Returns true if a text may be cut behind this byte. An ASCII character is one byte, and no byte of another
/// character looks like one.
fn is_break(byte: u8) -> bool {
    byte.is_ascii() && !words::is_part(byte.into())
}

impl Part {
    pub(crate) fn length(&self) -> usize {
        self.length
    }

    /// Reads the part; `None` if the file does not have it any more.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub(crate) fn read(&self, path: &Path) -> io::Result<Option<String>> {
        let mut input = File::open(path)?;
        input.seek(SeekFrom::Start(self.from))?;
        let mut bytes = vec![0; self.length];
        match input.read_exact(&mut bytes) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(error),
            Ok(()) => Ok(String::from_utf8(bytes).ok()),
        }
    }
}

/// Makes at most `n` chunks of the parts.
pub(crate) fn chunks(parts: Vec<Part>, at_most: usize) -> Vec<Chunk> {
    let total: usize = parts.iter().map(Part::length).sum();
    let enough = total.div_ceil(at_most.max(1));
    let (mut chunks, mut chunk, mut length) = (Vec::new(), Vec::new(), 0);
    for part in parts {
        length += part.length();
        chunk.push(part);
        if length >= enough {
            let parts = std::mem::take(&mut chunk);
            chunks.push(Chunk { parts });
            length = 0;
        }
    }
    if !chunk.is_empty() {
        chunks.push(Chunk { parts: chunk });
    }
    chunks
}
