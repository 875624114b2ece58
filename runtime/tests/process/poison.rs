//! One run aborts every process that drives it, beside others that need a while to come to their next state.

use std::path::Path;
use std::time::Duration;

use stateway::prelude::*;
use stateway::store::Status;
use stateway::{Json, RedbStore};

use crate::Plan;
use crate::job::{Asked, Fate, Job, JobInput, Workshop, path};
use crate::judge::{judge, rows};
use crate::victim::Victim;

const INNOCENT: u64 = 30;
const POISON: &str = "job-poison";

pub(crate) fn check(_: &Plan) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"));
    let folder = folder.expect("the target directory can be written");
    let (mut deaths, mut most) = (0, 0);
    loop {
        let ended = Victim::spawn("poison", folder.path(), &[]).finish();
        let innocent = rows(folder.path()).into_iter();
        let innocent = innocent.filter(|row| *row.id.text() != *POISON);
        most = most.max(innocent.map(|row| row.crashes).max().unwrap_or(0));
        if ended.success() {
            break;
        }
        assert_eq!(ended.code(), None, "it was aborted");
        deaths += 1;
        assert!(deaths < 50, "it is found at last");
    }
    println!("{deaths} deaths; an innocent run had {most} crashes at most");
    let runs = judge(folder.path());
    assert_eq!(runs.len() as u64, INNOCENT + 1);
    for run in runs {
        if *run.row.id.text() == *POISON {
            assert_eq!((run.row.status, run.row.crashes), (Status::Parked, 10));
            let reason = run.row.parked.expect("there is one").read(&Json);
            assert!(reason.contains("its process died 10 times"), "{reason}");
        } else {
            assert_eq!(run.row.status, Status::Done, "{:?}", run.row);
        }
    }
    assert_eq!(deaths, 10, "each of them is its own");
}

/// Starts all runs, those that have been started before as well, and waits until they have ended or are parked.
#[tokio::main(flavor = "multi_thread", worker_threads = 4)]
pub(crate) async fn work(folder: &Path) {
    let store = RedbStore::open(path(folder)).expect("nobody else has the file");
    let runner = Runner::<Job>::builder(Workshop::at(folder)).store(store);
    let runner = runner.launch().await.expect("the store answers");
    let mut runs = Vec::new();
    for number in 0..=INNOCENT {
        let (id, fate) = if number == INNOCENT / 2 {
            (POISON.to_owned(), Fate::Aborts)
        } else {
            (format!("job-{number}"), Fate::Ends)
        };
        let input = JobInput {
            fate,
            least: 50,
            most: 300,
            stumbles: false,
        };
        let run = runner.start(id, input, Asked).await;
        runs.push(run.expect("it starts, or is there"));
    }
    for run in runs {
        match run.end().await {
            Ok(_) | Err(EndError::Parked { .. }) => {}
            Err(error) => panic!("it does not end: {error}"),
        }
    }
    runner.shut_down(Duration::from_secs(5)).await;
}
