//! The logs of a stored run: how entries get into a commit, and back into a run that is taken up or asked.

use std::error::Error;
use std::fmt;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use stateway_core::{LogPayload, Workflow};

use super::handle::Run;
use super::held::{HeldRun, Loss};
use super::settings::Settings;
use crate::log::{Logs, RunLogs};
use crate::payload::codec::{Codec, CodecError, decode, guarded};
use crate::payload::durable::Durable;
use crate::run::RunId;
use crate::store::{LogEntry, LogRow, Store, StoreError};

/// The number of entries that are read at a time.
const PAGE: usize = 256;

/// Encodes the entries that the handler has added to the logs, and keeps them.
///
/// # Errors
/// The reason why an entry cannot be stored.
pub(super) fn new_entries<W: Durable>(
    logs: &RunLogs,
    settings: &Settings,
) -> Result<Vec<LogEntry>, String> {
    let mut entries = Vec::new();
    for (position, log) in W::GRAPH.logs.iter().enumerate() {
        let what = format!("an entry of log `{}`", log.name);
        let encoded = guarded(|| W::encode_log(position, logs, &*settings.codec));
        let encoded = encoded.map_err(|error| format!("{what} cannot be encoded: {error}"))?;
        for entry in encoded {
            let entry = settings.fits(&what, entry)?;
            if settings.verifies {
                let scratch = RunLogs::new(W::GRAPH);
                let read = guarded(|| W::decode_log(position, &entry, &scratch, &*settings.codec));
                read.map_err(|error| format!("{what} would not be read again: {error}"))?;
            }
            let log = log.name.into();
            entries.push(LogEntry { log, entry });
        }
    }
    logs.keep();
    Ok(entries)
}

/// Reads the logs of a run that is taken up.
///
/// # Errors
/// The reason why the run is not driven.
pub(super) async fn restored<W: Durable>(held: &HeldRun) -> Result<RunLogs, Loss> {
    let logs = RunLogs::new(W::GRAPH);
    if W::GRAPH.logs.is_empty() {
        return Ok(logs);
    }
    let mut next = 0;
    loop {
        let rows = held
            .asked(|| held.store().log(held.id(), next, PAGE))
            .await?;
        for row in &rows {
            if let Err(reason) = restore::<W>(row, &logs, &*held.settings().codec) {
                return Err(held.park(&reason).await);
            }
        }
        match rows.last() {
            Some(last) if rows.len() == PAGE => next = last.number + 1,
            _ => return Ok(logs),
        }
    }
}

fn restore<W: Durable>(row: &LogRow, logs: &RunLogs, codec: &dyn Codec) -> Result<(), String> {
    let (LogRow { number, log, entry }, name) = (row, W::GRAPH.name);
    let way_out = "run a program that reads it, or terminate it";
    let position = W::GRAPH.logs.iter().position(|it| it.name == log);
    let position = position.ok_or_else(|| {
        format!("it has said something in log `{log}`, which `{name}` does not have; {way_out}")
    })?;
    let restored = guarded(|| W::decode_log(position, entry, logs, codec));
    restored.map_err(|error| {
        format!("entry {number} of its logs, in `{log}`, does not decode: {error}; {way_out}")
    })
}

/// A log of a stored run, to be read from outside. A method of the block's own trait, such as `ChatLogs`, returns it.
///
/// ```
/// use stateway::prelude::*;
/// use stateway::MemoryStore;
///
/// workflow! {
///     #[durable(version = 1)]
///     workflow Chat {
///         start Asked { question: String };
///         done Replied;
///
///         log messages: String;
///
///         step answer: Asked -> Replied;
///     }
/// }
///
/// struct Model;
///
/// impl ChatSteps for Model {
///     type Error = String;
///
///     async fn answer(&self, asked: Asked, step: &Step<Answer>) -> Result<Answer, String> {
///         step.messages().push(format!("an answer to {}", asked.question));
///         Ok(step.to(Replied))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let runner = Runner::<Chat>::builder(Model).store(MemoryStore::new()).launch().await?;
/// let question = "why?".to_owned();
/// let run = runner.start("c-1", (), Asked { question }).await?;
/// let _ = run.end().await?;
/// assert_eq!(run.messages().read().await?, ["an answer to why?"]);
/// # Ok(())
/// # }
/// ```
pub struct StoredLog<'a, M> {
    store: &'a dyn Store,
    codec: &'a dyn Codec,
    run: &'a RunId,
    name: &'static str,
    entry: PhantomData<fn() -> M>,
}

impl<M: DeserializeOwned> StoredLog<'_, M> {
    /// Reads all entries that the run has added so far, the oldest first.
    ///
    /// # Errors
    /// [`LogError`].
    ///
    /// # Cancel safety
    /// Dropping the future changes nothing.
    pub async fn read(&self) -> Result<Vec<M>, LogError> {
        let (mut entries, mut next) = (Vec::new(), 0);
        loop {
            let rows = self.store.log(self.run, next, PAGE).await;
            let rows = rows.map_err(LogError::Store)?;
            for row in rows.iter().filter(|row| row.log == self.name) {
                let entry = guarded(|| decode(self.codec, &row.entry));
                entries.push(entry.map_err(|source| LogError::Codec {
                    run: self.run.clone(),
                    log: self.name,
                    source,
                })?);
            }
            match rows.last() {
                Some(last) if rows.len() == PAGE => next = last.number + 1,
                _ => return Ok(entries),
            }
        }
    }
}

impl<M> fmt::Debug for StoredLog<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredLog")
            .field("run", self.run)
            .field("log", &self.name)
            .finish_non_exhaustive()
    }
}

impl<W: Workflow> Logs<W> for Run<W> {
    type Log<'a, M: 'static>
        = StoredLog<'a, M>
    where
        Self: 'a;

    fn log<M: LogPayload>(&self, position: usize) -> StoredLog<'_, M> {
        StoredLog {
            store: &*self.engine().store,
            codec: self.codec(),
            run: self.id(),
            name: W::GRAPH.logs[position].name,
            entry: PhantomData,
        }
    }
}

/// Why a log was not read.
///
/// ```
/// # use stateway::{MemoryStore, prelude::*};
/// # workflow! {
/// #     #[durable(version = 1)]
/// #     workflow Chat { start Asked; done Replied; log messages: String; step answer: Asked -> Replied; }
/// # }
/// # struct Model;
/// # impl ChatSteps for Model {
/// #     type Error = String;
/// #     async fn answer(&self, _: Asked, step: &Step<Answer>) -> Result<Answer, String> { Ok(step.to(Replied)) }
/// # }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let runner = Runner::<Chat>::builder(Model).store(MemoryStore::new()).launch().await?;
/// # let run = runner.start("c-1", (), Asked).await?;
/// use stateway::runner::LogError;
///
/// match run.messages().read().await {
///     Ok(messages) => println!("{} messages", messages.len()),
///     // Another version of the program may have written it.
///     Err(LogError::Codec { log, source, .. }) => println!("`{log}` has an entry of another form: {source}"),
///     Err(error) => return Err(error.into()),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum LogError {
    /// An entry does not decode.
    Codec {
        /// The run.
        run: RunId,
        /// The log.
        log: &'static str,
        /// The error of the codec.
        source: CodecError,
    },
    /// The store did not answer.
    Store(StoreError),
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LogError::Codec { run, log, .. } => {
                write!(f, "an entry in log `{log}` of run `{run}` does not decode")
            }
            LogError::Store(_) => f.write_str("the store does not give the log"),
        }
    }
}

impl Error for LogError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(match self {
            LogError::Codec { source, .. } => source,
            LogError::Store(source) => source,
        })
    }
}
