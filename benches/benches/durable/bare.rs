//! redb alone: the rows that Stateway writes, as large and in the same tables, in batches of as many runs as
//! there are at once, by one thread that has nothing else to do.

use std::sync::Arc;
use std::time::Instant;

use redb::{Database, TableDefinition};

use crate::file::Flushes;
use crate::{Rate, STATES, ours, runs, transitions_a_second};

const RUNS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("runs");
const ENDED: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("ended");
const HISTORY: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("history");
const ENDED_AT: TableDefinition<'_, (i64, &str), ()> = TableDefinition::new("ended_at");

/// One run from a task whose thread is never blocked, as a program that uses redb from async code has to do it: each
/// batch by `spawn_blocking`.
pub(crate) async fn rate_from_a_task() -> Rate {
    let (file, _) = Flushes::of("bare");
    let database = Database::builder().create_with_backend(file);
    let database = Arc::new(database.expect("the file is new"));
    let runs = runs(1, ours::runs_a_second(1));
    let began = Instant::now();
    let mut rows = 0;
    for run in 0..runs {
        for state in 0..STATES {
            rows += 1;
            let database = Arc::clone(&database);
            let written = tokio::task::spawn_blocking(move || {
                batch(&database, &[format!("run-{run}")], state, rows);
            });
            written.await.expect("it is written");
        }
    }
    Rate {
        transitions: transitions_a_second(runs, began.elapsed()),
        rows_a_flush: None,
    }
}

/// Writes what these runs write as they enter a state; the first has the row of this number in the history.
fn batch(database: &Database, ids: &[String], state: u64, first: u64) {
    let (row, history) = ([7; 124], [7; 78]);
    let transaction = database.begin_write().expect("nobody else writes");
    {
        let mut all_runs = transaction.open_table(RUNS).expect("it is a table");
        let mut ended = transaction.open_table(ENDED).expect("it is a table");
        let mut all_history = transaction.open_table(HISTORY).expect("it is a table");
        let mut ended_at = transaction.open_table(ENDED_AT).expect("it is a table");
        for (number, id) in (first..).zip(ids) {
            let id = &**id;
            all_history
                .insert(number, &history[..])
                .expect("it is written");
            if state < STATES - 1 {
                all_runs.insert(id, &row[..]).expect("it is written");
            } else {
                all_runs.remove(id).expect("it is removed");
                ended.insert(id, &row[..]).expect("it is written");
                ended_at.insert((7, id), ()).expect("it is written");
            }
        }
    }
    transaction.commit().expect("it is flushed");
}

pub(crate) fn rate(at_once: u64) -> Rate {
    let (file, _) = Flushes::of("bare");
    let database = Database::builder()
        .create_with_backend(file)
        .expect("the file is new");
    let runs = runs(at_once, ours::runs_a_second(at_once));
    let each = runs / at_once;
    let mut rows = 1;
    let began = Instant::now();
    for round in 0..each {
        let ids: Vec<String> = (0..at_once)
            .map(|lane| format!("run-{}", lane * each + round))
            .collect();
        for state in 0..STATES {
            batch(&database, &ids, state, rows);
            rows += at_once;
        }
    }
    Rate {
        transitions: transitions_a_second(runs, began.elapsed()),
        rows_a_flush: None,
    }
}
