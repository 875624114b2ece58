//! A file that stays as it is until it is known to be a store.
//!
//! redb writes to a file that it opens: it repairs one that was not closed, and marks each as open. So its writes
//! are kept in memory until the tables have been seen, and then done in the same order, with the same flushes: a
//! crash in the middle of that leaves the same file as a crash in the middle of redb's own opening.

use std::io::{self, ErrorKind};
use std::mem::take;
use std::ops::Bound;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::{BackendError, StorageBackend};

/// A gate before a file. Its clones are the same gate.
#[derive(Debug)]
pub(super) struct WriteGate<B>(Arc<WriteGateState<B>>);

#[derive(Debug)]
struct WriteGateState<B> {
    file: B,
    is_open: AtomicBool,
    kept: Mutex<Vec<Pending>>,
}

/// A change of the file that has not been made yet.
#[derive(Debug)]
enum Pending {
    Write { offset: u64, data: Vec<u8> },
    Length(u64),
    Flush,
}

impl<B> Clone for WriteGate<B> {
    fn clone(&self) -> Self {
        WriteGate(Arc::clone(&self.0))
    }
}

impl<B: StorageBackend> WriteGate<B> {
    /// Returns a gate that keeps writes in memory until it is [opened](Self::open).
    pub(super) fn shut(file: B) -> Self {
        WriteGate::new(file, false)
    }

    /// Returns a gate that lets everything through, for a file that belongs to nobody else.
    pub(super) fn wide(file: B) -> Self {
        WriteGate::new(file, true)
    }

    fn new(file: B, is_open: bool) -> Self {
        WriteGate(Arc::new(WriteGateState {
            file,
            is_open: AtomicBool::new(is_open),
            kept: Mutex::default(),
        }))
    }

    fn is_open(&self) -> bool {
        self.0.is_open.load(Ordering::Acquire)
    }

    fn kept(&self) -> MutexGuard<'_, Vec<Pending>> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does the writes that were kept, and lets everything through from now on.
    pub(super) fn open(&self) -> io::Result<()> {
        let mut kept = self.kept();
        for change in take(&mut *kept) {
            match change {
                Pending::Write { offset, data } => self.0.file.write(offset, &data)?,
                Pending::Length(length) => self.0.file.set_len(length)?,
                Pending::Flush => self.0.file.sync_data()?,
            }
        }
        self.0.is_open.store(true, Ordering::Release);
        Ok(())
    }

    fn length(&self, kept: &[Pending]) -> io::Result<u64> {
        let length = kept.iter().rev().find_map(|change| match change {
            Pending::Length(length) => Some(*length),
            _ => None,
        });
        length.map_or_else(|| self.0.file.len(), Ok)
    }

    /// Reads the file with the writes that were kept.
    fn peek(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let kept = self.kept();
        let end = offset.saturating_add(out.len() as u64);
        if end > self.length(&kept)? {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let there = self.0.file.len()?.saturating_sub(offset);
        let there = usize::try_from(there).unwrap_or(usize::MAX).min(out.len());
        let (old, new) = out.split_at_mut(there);
        self.0.file.read(offset, old)?;
        new.fill(0);
        for change in &*kept {
            match change {
                Pending::Write { offset: at, data } => overlay(offset, out, *at, data),
                Pending::Length(length) => {
                    let left = length.saturating_sub(offset);
                    let left = usize::try_from(left).unwrap_or(usize::MAX);
                    out.iter_mut().skip(left).for_each(|byte| *byte = 0);
                }
                Pending::Flush => {}
            }
        }
        Ok(())
    }

    /// Returns true if this reads a page that the file does not have, where a damaged page has sent redb.
    fn is_beyond(&self, offset: u64, out: &[u8]) -> bool {
        let end = offset.checked_add(out.len() as u64);
        let length = if self.is_open() {
            self.0.file.len()
        } else {
            self.length(&self.kept())
        };
        length.is_ok_and(|length| end.is_none_or(|end| end > length))
    }
}

/// Copies the intersection of two ranges.
fn overlay(offset: u64, out: &mut [u8], at: u64, data: &[u8]) {
    let end = offset + out.len() as u64;
    let (from, to) = (at.max(offset), (at + data.len() as u64).min(end));
    if from < to {
        let part = |start: u64| {
            let index = |place: u64| usize::try_from(place - start).expect("it is in memory");
            index(from)..index(to)
        };
        out[part(offset)].copy_from_slice(&data[part(at)]);
    }
}

impl<B: StorageBackend> StorageBackend for WriteGate<B> {
    fn len(&self) -> io::Result<u64> {
        if self.is_open() {
            return self.0.file.len();
        }
        self.length(&self.kept())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let read = if self.is_open() {
            self.0.file.read(offset, out)
        } else {
            self.peek(offset, out)
        };
        match read {
            // An error here would be the last thing that redb does with the file; a page of nothing is refused like
            // any other that is damaged.
            Err(_) if self.is_beyond(offset, out) => Ok(()),
            read => read,
        }
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        if self.is_open() {
            return self.0.file.set_len(length);
        }
        self.kept().push(Pending::Length(length));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        if self.is_open() {
            return self.0.file.sync_data();
        }
        self.kept().push(Pending::Flush);
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        if self.is_open() {
            return self.0.file.write(offset, data);
        }
        let data = data.to_vec();
        self.kept().push(Pending::Write { offset, data });
        Ok(())
    }

    fn close(&self) -> io::Result<()> {
        self.0.file.close()
    }

    fn try_lock_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<bool, BackendError> {
        self.0.file.try_lock_range(from, to)
    }

    fn try_lock_shared_range(
        &self,
        from: Bound<u64>,
        to: Bound<u64>,
    ) -> Result<bool, BackendError> {
        self.0.file.try_lock_shared_range(from, to)
    }

    fn lock_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<(), BackendError> {
        self.0.file.lock_range(from, to)
    }

    fn lock_shared_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<(), BackendError> {
        self.0.file.lock_shared_range(from, to)
    }

    fn unlock_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<(), BackendError> {
        self.0.file.unlock_range(from, to)
    }

    fn query_lock_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<bool, BackendError> {
        self.0.file.query_lock_range(from, to)
    }
}
