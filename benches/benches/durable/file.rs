//! A file for each contestant, on the same disk, and how often it is flushed.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use redb::StorageBackend;
use redb::backends::FileBackend;

/// The file of this name, in the target directory.
pub(crate) fn path(name: &str) -> PathBuf {
    folder().join(name)
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("durable")
}

/// A new file of this name.
pub(crate) fn fresh(name: &str) -> PathBuf {
    let folder = folder();
    std::fs::create_dir_all(&folder).expect("the target directory can be written");
    for old in std::fs::read_dir(&folder)
        .expect("it was just made")
        .flatten()
    {
        if old.file_name().to_string_lossy().starts_with(name) {
            let _ = std::fs::remove_file(old.path());
        }
    }
    path(name)
}

/// A file of redb that counts its flushes.
#[derive(Debug)]
pub(crate) struct Flushes {
    file: FileBackend,
    count: Arc<AtomicU64>,
}

impl Flushes {
    pub(crate) fn of(name: &str) -> (Self, Arc<AtomicU64>) {
        let path = fresh(name);
        let mut options = File::options();
        let file = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(path);
        let file = FileBackend::new(file.expect("the file is made")).expect("nobody has it");
        let count = Arc::new(AtomicU64::new(0));
        let flushes = Flushes {
            file,
            count: Arc::clone(&count),
        };
        (flushes, count)
    }
}

impl StorageBackend for Flushes {
    fn len(&self) -> Result<u64, std::io::Error> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), std::io::Error> {
        self.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> Result<(), std::io::Error> {
        self.file.set_len(len)
    }

    fn sync_data(&self) -> Result<(), std::io::Error> {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.file.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), std::io::Error> {
        self.file.write(offset, data)
    }

    fn close(&self) -> Result<(), std::io::Error> {
        self.file.close()
    }
}
