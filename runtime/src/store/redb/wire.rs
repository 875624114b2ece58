//! The bytes of records: numbers in little-endian order, and texts with their length.
//!
//! Reading is total: any bytes give a record or a reason, and none are left over. A checksum over the record and the
//! key that it stands under ends it, so that a record which is damaged, or stands at another place, is refused.
//! It is the CRC-32 of zip and PNG, which finds every change of up to 32 bits in a row, and which any language can
//! compute without a library of ours.

use std::ops::RangeInclusive;
use std::time::SystemTime;

use crc32fast::Hasher;

use crate::store::Name;
use crate::store::micros::{micros, time};

/// Writes a record.
#[derive(Default)]
pub(super) struct RecordWriter(Vec<u8>);

/// Reads a record.
pub(super) struct RecordReader<'a>(&'a [u8]);

/// The reason why bytes are no record.
pub(super) type Unread = String;

/// The table that a record is in, and the key that it stands under there.
#[derive(Debug, Clone, Copy)]
pub(super) enum RecordPlace<'a> {
    /// The table of runs, whose records have their key in them.
    Run,
    Row(u64),
    Note(&'a str, &'a str),
    Message(&'a str, u64),
    Logged(&'a str, u64),
    Rest(u64),
    Workflow(&'a str),
}

impl RecordPlace<'_> {
    fn checksum(self, record: &[u8]) -> u32 {
        let mut sum = Hasher::new();
        let text = |sum: &mut Hasher, text: &str| {
            sum.update(&(text.len() as u64).to_le_bytes());
            sum.update(text.as_bytes());
        };
        match self {
            RecordPlace::Run => sum.update(b"r"),
            RecordPlace::Row(number) => {
                sum.update(b"h");
                sum.update(&number.to_le_bytes());
            }
            RecordPlace::Rest(last) => {
                sum.update(b"p");
                sum.update(&last.to_le_bytes());
            }
            RecordPlace::Workflow(name) => {
                sum.update(b"w");
                text(&mut sum, name);
            }
            RecordPlace::Note(run, key) => {
                sum.update(b"n");
                text(&mut sum, run);
                text(&mut sum, key);
            }
            RecordPlace::Message(run, arrival) => {
                sum.update(b"m");
                text(&mut sum, run);
                sum.update(&arrival.to_le_bytes());
            }
            RecordPlace::Logged(run, number) => {
                sum.update(b"l");
                text(&mut sum, run);
                sum.update(&number.to_le_bytes());
            }
        }
        sum.update(record);
        sum.finalize()
    }
}

/// The versions of records that are read.
const KNOWN: RangeInclusive<u8> = 1..=1;

/// Returns the reason why a record of this version is not read.
pub(super) fn unknown(version: u8) -> Unread {
    let newest = KNOWN.end();
    format!("it has version {version}, and this program knows version {newest}")
}

/// The largest value of a counter, so that counting up does not overflow.
const MOST: u64 = u64::MAX / 2;

impl RecordWriter {
    pub(super) fn record(version: u8) -> Self {
        RecordWriter::over(Vec::with_capacity(128), version)
    }

    /// Overwrites a buffer, to use its memory again.
    pub(super) fn over(mut bytes: Vec<u8>, version: u8) -> Self {
        bytes.clear();
        bytes.push(version);
        RecordWriter(bytes)
    }

    #[cfg(any(test, feature = "testing"))]
    pub(super) fn of(bytes: &[u8]) -> Self {
        RecordWriter(bytes.to_vec())
    }

    pub(super) fn finish(self, place: RecordPlace<'_>) -> Vec<u8> {
        let sum = place.checksum(&self.0);
        let mut record = self.0;
        record.extend(sum.to_le_bytes());
        record
    }

    pub(super) fn u8(&mut self, value: u8) -> &mut Self {
        self.0.push(value);
        self
    }

    pub(super) fn u32(&mut self, value: u32) -> &mut Self {
        self.0.extend(value.to_le_bytes());
        self
    }

    pub(super) fn u64(&mut self, value: u64) -> &mut Self {
        self.0.extend(value.to_le_bytes());
        self
    }

    pub(super) fn time(&mut self, time: SystemTime) -> &mut Self {
        self.0.extend(micros(time).to_le_bytes());
        self
    }

    pub(super) fn bytes(&mut self, value: &[u8]) -> &mut Self {
        let length = u32::try_from(value.len());
        self.u32(length.expect("an operation on so much is refused"));
        self.0.extend(value);
        self
    }

    pub(super) fn text(&mut self, value: &str) -> &mut Self {
        self.bytes(value.as_bytes())
    }

    pub(super) fn list<T>(&mut self, values: &[T], write: impl Fn(&mut Self, &T)) -> &mut Self {
        let count = u32::try_from(values.len());
        self.u32(count.expect("an operation on so many is refused"));
        for value in values {
            write(self, value);
        }
        self
    }

    pub(super) fn option<T>(
        &mut self,
        value: Option<T>,
        write: impl FnOnce(&mut Self, T),
    ) -> &mut Self {
        match value {
            None => {
                self.u8(0);
            }
            Some(value) => {
                self.u8(1);
                write(self, value);
            }
        }
        self
    }
}

impl<'a> RecordReader<'a> {
    /// Begins to read a record that stands at this place. Returns its version, by which the rest is read.
    pub(super) fn record(bytes: &'a [u8], place: RecordPlace<'_>) -> Result<(u8, Self), Unread> {
        let version = *bytes.first().ok_or("it is empty")?;
        // Nothing is known of another layout, not even the place of its checksum.
        if !KNOWN.contains(&version) {
            return Err(unknown(version));
        }
        let (record, sum) = bytes.split_last_chunk().ok_or("it ends too early")?;
        if place.checksum(record) != u32::from_le_bytes(*sum) {
            return Err("it is damaged, or stands where it was not put".to_owned());
        }
        Ok((version, RecordReader(record.get(1..).unwrap_or_default())))
    }

    /// Ends a record.
    pub(super) fn finish<T>(self, record: T) -> Result<T, Unread> {
        match self.0.len() {
            0 => Ok(record),
            left => Err(format!("{left} bytes are left over at its end")),
        }
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Unread> {
        let taken = self.0.split_at_checked(length);
        let (taken, rest) = taken.ok_or_else(|| "it ends too early".to_owned())?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const LENGTH: usize>(&mut self) -> Result<[u8; LENGTH], Unread> {
        let taken = self.take(LENGTH)?;
        Ok(taken.try_into().expect("so many were taken"))
    }

    pub(super) fn u8(&mut self) -> Result<u8, Unread> {
        Ok(self.array::<1>()?[0])
    }

    pub(super) fn flag(&mut self) -> Result<bool, Unread> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(format!("{other} is neither 0 nor 1")),
        }
    }

    pub(super) fn u32(&mut self) -> Result<u32, Unread> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(super) fn u64(&mut self) -> Result<u64, Unread> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// Reads a counter.
    pub(super) fn count(&mut self) -> Result<u64, Unread> {
        let count = self.u64()?;
        within(count, MOST)
    }

    /// Reads a counter of 32 bits.
    pub(super) fn short_count(&mut self) -> Result<u32, Unread> {
        let count = self.u32()?;
        within(count, u32::MAX / 2)
    }

    pub(super) fn time(&mut self) -> Result<SystemTime, Unread> {
        let micros = i64::from_le_bytes(self.array()?);
        time(micros).ok_or_else(|| format!("{micros} microseconds are no time"))
    }

    pub(super) fn bytes(&mut self) -> Result<Vec<u8>, Unread> {
        let length = self.u32()?;
        Ok(self.take(length as usize)?.to_vec())
    }

    pub(super) fn text(&mut self) -> Result<String, Unread> {
        let bytes = self.bytes()?;
        String::from_utf8(bytes).map_err(|_| "a text is not UTF-8".to_owned())
    }

    pub(super) fn name(&mut self) -> Result<Name, Unread> {
        self.text().map(Name::from)
    }

    pub(super) fn list<T>(
        &mut self,
        read: impl Fn(&mut Self) -> Result<T, Unread>,
    ) -> Result<Vec<T>, Unread> {
        let count = self.u32()?;
        // Not with room for all at once, because the count may be damaged.
        (0..count).map(|_| read(self)).collect()
    }

    pub(super) fn option<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Unread>,
    ) -> Result<Option<T>, Unread> {
        if self.flag()? {
            read(self).map(Some)
        } else {
            Ok(None)
        }
    }
}

fn within<T: PartialOrd + Copy + std::fmt::Display>(count: T, most: T) -> Result<T, Unread> {
    if count <= most {
        Ok(count)
    } else {
        Err(format!("{count} is more than there can have been"))
    }
}
