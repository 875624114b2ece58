//! Looks into the store, without a runner: nothing moves for it.

use std::fmt::Write as _;
use std::time::SystemTime;

use stateway::store::{Event, Filter, HistoryRow, RunRow, Store as _};
use stateway::{Json, RedbStore};

use crate::ShopError;
use crate::terminal;

/// Prints one line for each run.
pub(crate) async fn list(store: &RedbStore) -> Result<(), ShopError> {
    let mut filter = Filter::new().workflow("Order").limit(1_000);
    loop {
        let page = store.list(filter.clone()).await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        filter.after = Some(last.id.clone());
        let lines: String = page.iter().map(line).collect();
        terminal::print(&lines)?;
    }
}

fn line(row: &RunRow) -> String {
    let why = match (&row.parked, &row.failure) {
        (Some(reason), _) => reason.read(&Json),
        (None, Some(failure)) => failure.message.read(&Json),
        (None, None) => String::new(),
    };
    let status = row.status;
    let line = format!("{:<12} {status:<12} {:<10} {why}", row.id, row.state);
    format!("{}\n", line.trim_end())
}

/// Prints everything that is known of a run.
pub(crate) async fn show(store: &RedbStore, id: &str) -> Result<(), ShopError> {
    let no_such_run = || ShopError::NoSuchRun { id: id.to_owned() };
    let run = id.parse().map_err(|_| no_such_run())?;
    let found = store.get(&run).await?.ok_or_else(no_such_run)?;
    let mut text = line(&found.row);
    let _ = writeln!(text, "  input {}", String::from_utf8_lossy(&found.input));
    let mut from = 0;
    loop {
        let page = store.history(&run, from, 1_000).await?;
        let Some(last) = page.last() else { break };
        from = last.number + 1;
        for row in &page {
            let _ = writeln!(text, "  {}", event(row, found.row.started));
        }
    }
    Ok(terminal::print(&text)?)
}

fn event(row: &HistoryRow, started: SystemTime) -> String {
    let after = row.at.duration_since(started).unwrap_or_default();
    let what = match &row.event {
        Event::Started { state } => format!("started in {state}"),
        Event::Transition {
            transition,
            state,
            attempts,
            payload,
            ..
        } => {
            let payload = String::from_utf8_lossy(payload);
            let attempts = if *attempts > 1 {
                format!(" at attempt {attempts}")
            } else {
                String::new()
            };
            format!("{transition} to {state}{attempts} {payload}")
        }
        Event::RollbackBegan => "rollback began".to_owned(),
        Event::Undone { of, .. } => format!("undone: number {of}"),
        Event::NotUndone { of, cause, .. } => {
            format!("could not be undone: number {of}: {}", cause.read(&Json))
        }
        Event::StopAsked { stop } => format!("asked to stop: {stop:?}"),
        Event::Parked { reason } => format!("parked: {}", reason.read(&Json)),
        Event::Unparked => "unparked".to_owned(),
        Event::Ended => "ended".to_owned(),
        Event::RollbackRetried => "rollback retried".to_owned(),
        other => format!("{other:?}"),
    };
    format!("{:>3} after {after:>9.1?}  {what}", row.number)
}
