//! Several who open the same path, where there is no store yet: one gets it, and what it acknowledges stays.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use fastrand::Rng;
use stateway::store::{Created, Store as _};
use stateway::{OpenError, RedbStore};

use crate::support::{only, walk};

/// Adds a run, unless it is there.
fn add(store: &RedbStore, id: &str) -> Result<bool, String> {
    match pollster::block_on(store.create(walk::new(id))) {
        Ok(created) => Ok(matches!(created, Created::New(_))),
        Err(error) => Err(format!("{id}: {error:?}")),
    }
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = folder.path().join("runs.redb");
    (folder, path)
}

/// Opens the path, and adds a run to what it gets. `None` if it is another's.
fn opened(path: &Path, id: &str) -> Result<Option<RedbStore>, String> {
    match RedbStore::open(path) {
        Ok(store) if add(&store, id)? => Ok(Some(store)),
        Ok(_) => Err(format!("{id} was there")),
        Err(OpenError::InUse { .. }) => Ok(None),
        Err(error) => Err(format!("{id}: {error:?}")),
    }
}

/// Several threads open one path, each a little later than it might. Each keeps what it gets until all have tried.
fn race(openers: usize, latest: u64, seed: u64) {
    let (folder, path) = folder();
    let all = Barrier::new(openers);
    let tried: Vec<_> = thread::scope(|scope| {
        let tries: Vec<_> = (0..openers)
            .map(|opener| {
                let (all, path) = (&all, &path);
                let mut draw = Rng::with_seed(seed * 100 + opener as u64);
                scope.spawn(move || {
                    let late = Duration::from_micros(draw.u64(..=latest));
                    all.wait();
                    if !late.is_zero() {
                        thread::sleep(late);
                    }
                    let store = opened(path, &format!("run-{opener}"));
                    all.wait();
                    store.map(|store| store.map(|_| opener))
                })
            })
            .collect();
        tries.into_iter().map(|it| it.join().unwrap()).collect()
    });
    let won: Result<Vec<_>, _> = tried.into_iter().filter_map(Result::transpose).collect();
    let won = won.unwrap_or_else(|error| panic!("round {seed}: {error}"));
    assert_eq!(won.len(), 1, "round {seed}: one gets it");
    let names = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(names, 1, "round {seed}: nothing is left behind");
    let store = RedbStore::open(&path).unwrap();
    let is_new = add(&store, &format!("run-{}", won[0])).unwrap();
    assert!(!is_new, "round {seed}: its run is gone");
}

#[test]
fn of_several_at_the_very_same_time_one_gets_the_store() {
    for round in 0..200 {
        race(2 + usize::try_from(round % 5).unwrap(), 0, round);
    }
}

#[test]
fn a_second_opener_loses_nothing() {
    for round in 0..200 {
        race(2, 12_000, round);
    }
}

#[test]
fn when_one_closes_another_gets_in_and_finds_everything() {
    const OPENERS: usize = 4;
    const TURNS: usize = 5;
    for _ in 0..10 {
        let (_folder, path) = folder();
        thread::scope(|scope| {
            for opener in 0..OPENERS {
                let path = &path;
                scope.spawn(move || {
                    let mut turns = 0;
                    while turns < TURNS {
                        if opened(path, &format!("run-{opener}-{turns}"))
                            .unwrap()
                            .is_some()
                        {
                            turns += 1;
                        }
                    }
                });
            }
        });
        let store = RedbStore::open(&path).unwrap();
        for opener in 0..OPENERS {
            for turn in 0..TURNS {
                assert!(!add(&store, &format!("run-{opener}-{turn}")).unwrap());
            }
        }
    }
}

const FILE: &str = "STATEWAY_TEST_FILE";

struct Process(Child, BufReader<std::process::ChildStdout>);

impl Process {
    /// This program again, which opens the path when it is told to.
    fn new(test: &str, path: &Path, id: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(only(module_path!(), test))
            .env(FILE, path)
            .env("STATEWAY_TEST_RUN", id)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let told = BufReader::new(child.stdout.take().unwrap());
        let mut process = Process(child, told);
        assert_eq!(process.hear(), "ready");
        process
    }

    fn tell(&mut self) {
        self.0.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
    }

    /// The next of its lines that is about us.
    fn hear(&mut self) -> String {
        loop {
            let mut line = String::new();
            assert!(self.1.read_line(&mut line).unwrap() > 0, "it is gone");
            if let Some((_, told)) = line.trim_end().split_once("told: ") {
                return told.to_owned();
            }
        }
    }
}

/// In a process that was started by [`Process::new`].
fn opens_when_told(path: &Path) {
    let id = std::env::var("STATEWAY_TEST_RUN").unwrap();
    let mut line = String::new();
    println!("told: ready");
    std::io::stdin().read_line(&mut line).unwrap();
    let store = opened(path, &id).unwrap();
    println!("told: {}", if store.is_some() { "mine" } else { "in use" });
    std::io::stdin().read_line(&mut line).unwrap();
}

#[test]
fn of_several_processes_one_gets_the_store() {
    if let Some(path) = std::env::var_os(FILE) {
        return opens_when_told(Path::new(&path));
    }
    let mut draw = Rng::with_seed(7);
    for round in 0..20 {
        let (_folder, path) = folder();
        let mut all: Vec<_> = (0..3)
            .map(|opener| {
                let id = format!("run-{opener}");
                Process::new("of_several_processes_one_gets_the_store", &path, &id)
            })
            .collect();
        for process in &mut all {
            if round % 2 == 1 {
                thread::sleep(Duration::from_micros(draw.u64(..6_000)));
            }
            process.tell();
        }
        let told: Vec<_> = all.iter_mut().map(Process::hear).collect();
        let won: Vec<_> = (0..3).filter(|opener| told[*opener] == "mine").collect();
        assert_eq!(won.len(), 1, "round {round}: {told:?}");
        // One that has it may die as well as close it.
        if round % 3 == 0 {
            all[won[0]].0.kill().unwrap();
        }
        for mut process in all {
            // Who was killed does not hear it.
            drop(process.0.stdin.take());
            process.0.wait().unwrap();
        }
        let store = RedbStore::open(&path).unwrap();
        let is_new = add(&store, &format!("run-{}", won[0])).unwrap();
        assert!(!is_new, "round {round}: its run is gone");
    }
}
