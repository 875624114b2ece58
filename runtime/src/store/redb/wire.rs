//! The bytes that records are made of: numbers in little-endian order, and texts with their length.
//!
//! Reading is total: any bytes give a record or a reason, and none are left over.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::store::Name;
use crate::store::apply::micros;

/// Writes a record.
#[derive(Default)]
pub(super) struct Writer(Vec<u8>);

/// Reads a record.
pub(super) struct Reader<'a>(&'a [u8]);

/// Why bytes are no record.
pub(super) type Unread = String;

impl Writer {
    pub(super) fn record(version: u8) -> Self {
        Writer::over(Vec::with_capacity(128), version)
    }

    /// Writes over what a buffer has, to use its memory again.
    pub(super) fn over(mut bytes: Vec<u8>, version: u8) -> Self {
        bytes.clear();
        bytes.push(version);
        Writer(bytes)
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.0
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
        let length = u32::try_from(value.len()).expect("what is stored has less than 4 GiB");
        self.u32(length);
        self.0.extend(value);
        self
    }

    pub(super) fn text(&mut self, value: &str) -> &mut Self {
        self.bytes(value.as_bytes())
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

impl<'a> Reader<'a> {
    /// Begins to read a record that has to be of this version.
    pub(super) fn record(bytes: &'a [u8], version: u8) -> Result<Self, Unread> {
        let mut reader = Reader(bytes);
        match reader.u8()? {
            found if found == version => Ok(reader),
            found => Err(format!(
                "it has version {found}, and this program knows version {version}"
            )),
        }
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

pub(super) fn time(micros: i64) -> Option<SystemTime> {
    let distance = Duration::from_micros(micros.unsigned_abs());
    if micros < 0 {
        UNIX_EPOCH.checked_sub(distance)
    } else {
        UNIX_EPOCH.checked_add(distance)
    }
}
