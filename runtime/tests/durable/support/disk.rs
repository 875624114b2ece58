//! A disk that loses what was not flushed, when the power goes.

use std::io::{Error, Result};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use fastrand::Rng;

/// When the power goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// At the n-th flush, before it has begun.
    Before(u64),
    /// At the n-th flush, when it has taken place and nobody was told.
    After(u64),
    /// At the n-th write.
    Write(u64),
    Never,
}

/// The writes since the last flush.
#[derive(Debug, Clone)]
enum Written {
    Data(usize, Vec<u8>),
    Length(usize),
}

#[derive(Debug)]
struct Platters {
    /// The flushed bytes.
    flushed: Vec<u8>,
    /// The bytes that a reader sees.
    now: Vec<u8>,
    since: Vec<Written>,
    flushes: u64,
    writes: u64,
    moment: Moment,
    is_lost: bool,
}

/// The clones of one are the same disk.
#[derive(Debug, Clone)]
pub(crate) struct Disk(Arc<Mutex<Platters>>, Arc<Gate>);

/// Where a flush waits that is held up.
#[derive(Debug, Default)]
struct Gate {
    is_shut: Mutex<bool>,
    opened: Condvar,
}

/// A disk writes `n` bytes at a time, or none of them.
const SECTOR: usize = 512;

impl Disk {
    pub(crate) fn with(bytes: Vec<u8>, moment: Moment) -> Self {
        let platters = Platters {
            flushed: bytes.clone(),
            now: bytes,
            since: Vec::new(),
            flushes: 0,
            writes: 0,
            moment,
            is_lost: false,
        };
        Disk(Arc::new(Mutex::new(platters)), Arc::default())
    }

    /// Holds up every flush from now on, until they are let through.
    pub(crate) fn hold_up(&self) {
        *self.1.is_shut.lock().unwrap() = true;
    }

    pub(crate) fn let_through(&self) {
        *self.1.is_shut.lock().unwrap() = false;
        self.1.opened.notify_all();
    }

    fn platters(&self) -> MutexGuard<'_, Platters> {
        self.0.lock().unwrap()
    }

    /// Returns true if the power has gone.
    pub(crate) fn is_lost(&self) -> bool {
        self.platters().is_lost
    }

    pub(crate) fn flushes(&self) -> u64 {
        self.platters().flushes
    }

    pub(crate) fn writes(&self) -> u64 {
        self.platters().writes
    }

    /// The power goes at the n-th flush from now on, before it has begun.
    pub(crate) fn lose_after(&self, flushes: u64) {
        let mut platters = self.platters();
        platters.moment = Moment::Before(platters.flushes + flushes + 1);
    }

    /// The power goes now.
    pub(crate) fn lose(&self) {
        self.platters().is_lost = true;
    }

    /// The disk when the power is back: the flushed bytes, and of the writes since then, each
    /// sector or not.
    pub(crate) fn left(&self, seed: u64, moment: Moment) -> Disk {
        let platters = self.platters();
        let mut draw = Rng::with_seed(seed);
        let mut bytes = platters.flushed.clone();
        for written in &platters.since {
            match written {
                Written::Length(length) => bytes.resize(*length, 0),
                Written::Data(..) if draw.u8(..3) == 0 => {}
                Written::Data(at, data) => {
                    let is_torn = draw.bool();
                    for (number, sector) in data.chunks(SECTOR).enumerate() {
                        let from = at + number * SECTOR;
                        if (is_torn && draw.bool()) || from + sector.len() > bytes.len() {
                            continue;
                        }
                        bytes[from..from + sector.len()].copy_from_slice(sector);
                    }
                }
            }
        }
        Disk::with(bytes, moment)
    }

    /// The bytes as a reader sees them.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.platters().now.clone()
    }
}

impl Platters {
    fn is_there(&self) -> Result<()> {
        if self.is_lost {
            return Err(Error::other("the power has gone"));
        }
        Ok(())
    }
}

impl redb::StorageBackend for Disk {
    fn len(&self) -> Result<u64> {
        let platters = self.platters();
        platters.is_there()?;
        Ok(platters.now.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<()> {
        let platters = self.platters();
        platters.is_there()?;
        let from = usize::try_from(offset).unwrap();
        let bytes = platters.now.get(from..from + out.len());
        out.copy_from_slice(bytes.ok_or_else(|| Error::other("behind the end"))?);
        Ok(())
    }

    fn set_len(&self, length: u64) -> Result<()> {
        let mut platters = self.platters();
        platters.is_there()?;
        let length = usize::try_from(length).unwrap();
        platters.now.resize(length, 0);
        platters.since.push(Written::Length(length));
        Ok(())
    }

    fn sync_data(&self) -> Result<()> {
        let mut is_shut = self.1.is_shut.lock().unwrap();
        while *is_shut {
            is_shut = self.1.opened.wait(is_shut).unwrap();
        }
        drop(is_shut);
        let mut platters = self.platters();
        platters.is_there()?;
        platters.flushes += 1;
        if platters.moment == Moment::Before(platters.flushes) {
            platters.is_lost = true;
        }
        platters.is_there()?;
        let now = platters.now.clone();
        platters.flushed = now;
        platters.since.clear();
        if platters.moment == Moment::After(platters.flushes) {
            platters.is_lost = true;
        }
        platters.is_there()
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<()> {
        let mut platters = self.platters();
        platters.is_there()?;
        platters.writes += 1;
        let from = usize::try_from(offset).unwrap();
        platters.now[from..from + data.len()].copy_from_slice(data);
        platters.since.push(Written::Data(from, data.to_vec()));
        if platters.moment == Moment::Write(platters.writes) {
            platters.is_lost = true;
        }
        platters.is_there()
    }
}
