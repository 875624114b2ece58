//! The cost of a waiting run: to be moved by a signal or a timer, in memory and in a store, and to do nothing.
//!
//! The store is a file, and nothing is flushed: a disk would hide what a runner does. Beside it duroxide does the same.
//!
//! `cargo bench -p stateway-benches --bench waiting`

mod cano;
mod duroxide;
#[path = "../support/live.rs"]
mod live;

use std::future::{Future as _, IntoFuture as _, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant, SystemTime};

use live::{Live, live};
use stateway::prelude::*;
use stateway::runner::Run;
use stateway::store::Filter;
use stateway::{Durability, RedbStore};
use tokio::runtime::Builder;

#[global_allocator]
static ALLOCATOR: Live = Live;

workflow! {
    #[durable(version = 1)]
    #[derive(Debug, Clone)]
    workflow Bell {
        start Silent { rings: u32, until: SystemTime };
        state Muted;
        done Stopped;

        signal mute: Silent -> Muted;
        signal sound: Muted -> Stopped;
        signal ring(u32): Silent -> Silent | Stopped;
        signal count answers u32: Silent;
        timer give_up at until: Silent -> Stopped;
    }
}

struct Tower;

/// The timers that have fired.
static GIVEN_UP: AtomicU32 = AtomicU32::new(0);

impl BellSteps for Tower {
    type Error = String;

    async fn ring(
        &self,
        silent: Silent,
        times: u32,
        step: &Step<OnRing>,
    ) -> Result<OnRing, String> {
        Ok(match silent.rings.checked_sub(times) {
            Some(rings) => step.to(Silent { rings, ..silent }),
            None => step.to(Stopped),
        })
    }

    async fn count(&self, silent: &mut Silent, _: &Step<OnCount>) -> Result<u32, String> {
        Ok(silent.rings)
    }

    async fn mute(&self, _: Silent, step: &Step<OnMute>) -> Result<OnMute, String> {
        Ok(step.to(Muted))
    }

    async fn sound(&self, _: Muted, step: &Step<OnSound>) -> Result<OnSound, String> {
        Ok(step.to(Stopped))
    }

    async fn give_up(&self, _: Silent, step: &Step<OnGiveUp>) -> Result<OnGiveUp, String> {
        GIVEN_UP.fetch_add(1, Ordering::Relaxed);
        Ok(step.to(Stopped))
    }
}

const DAY: Duration = Duration::from_hours(24);

fn main() {
    // `cargo test` calls every bench: nothing is measured then.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let runtime = runtime.expect("tokio starts");
    // `cargo bench --bench waiting -- timers`: those of stored runs alone.
    if std::env::args().any(|argument| argument == "timers") {
        return runtime.block_on(stored_timers());
    }
    runtime.block_on(async {
        println!("a signal in memory, without what an executor takes for its turn");
        line(1, in_memory_alone().await);
        println!("a signal in memory, by the number of runs that wait at once");
        for runs in [1, 256] {
            line(runs, in_memory(runs).await);
        }
        println!("a signal to a stored run, by the number of runs that wait at once");
        for runs in [1, 256] {
            line(runs, stored(runs).await);
        }
        println!("an event of duroxide, by the number of orchestrations that wait at once");
        for runs in [1, 256] {
            // Above 100 events that are there at once, duroxide gives an orchestration up.
            let rings = if runs == 1 { 50 } else { 10 };
            line(runs, duroxide::events(runs, rings).await);
        }
        println!("a signal with its answer, in memory and stored");
        line(1, answered_in_memory().await);
        line(1, answered_stored().await);
        println!("an asking of a poll in a store");
        line(1, askings().await);
        println!(
            "a signal beside this many others that are kept for a later state, in memory and stored"
        );
        for kept in [100, 10_000] {
            line(kept, in_memory_beside(kept).await);
            line(kept, stored_beside(kept).await);
        }
        println!(
            "a timer in memory, by the number that fall due at once, and the bytes of a run before"
        );
        for runs in [1_000, 100_000] {
            let (time, bytes) = timers_in_memory(runs).await;
            println!("{runs:>10} {:>10.2} us {bytes:>8} bytes", micros(time));
        }
        println!("the same of Cano");
        for runs in [1_000, 100_000] {
            let (time, bytes) = cano::timers(runs).await;
            println!("{runs:>10} {:>10.2} us {bytes:>8} bytes", micros(time));
        }
        println!("a timer of duroxide, by the number that fall due at once");
        line(64, duroxide::timers(64).await);
        stored_timers().await;
        for runs in [10_000, 100_000] {
            let (launch, bytes) = launch(runs).await;
            println!("a launch over {runs} runs that wait: {launch:.1?}, {bytes} bytes a run");
        }
    });
}

fn line(count: u32, time: Duration) {
    println!("{count:>10} {:>10.2} us", micros(time));
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn silent(rings: u32) -> Silent {
    let until = SystemTime::now() + DAY;
    Silent { rings, until }
}

/// The time of a signal, from when it is sent to the state that it leads to: sender and run are polled in turn.
async fn in_memory_alone() -> Duration {
    const RINGS: u32 = 100_000;
    let mut run = Bell::start(silent(RINGS)).run(&Tower);
    let remote = run.remote();
    let mut run = pin!(run);
    let rings = poll_fn(|cx| {
        let began = Instant::now();
        for _ in 0..RINGS {
            let mut sent = remote.ring(1).into_future();
            assert!(Pin::new(&mut sent).poll(cx).is_ready());
            assert!(run.as_mut().poll(cx).is_pending());
        }
        Poll::Ready(began.elapsed() / RINGS)
    });
    tokio::task::unconstrained(rings).await
}

/// The same with the turns of an executor.
async fn in_memory(runs: u32) -> Duration {
    const RINGS: u32 = 10_000;
    let mut tasks = Vec::new();
    let began = Instant::now();
    for _ in 0..runs {
        tasks.push(tokio::spawn(async {
            let mut run = Bell::start(silent(RINGS)).run(&Tower);
            let remote = run.remote();
            let ((), end) = tokio::join!(
                async {
                    for _ in 0..=RINGS {
                        remote.ring(1).await.expect("it takes them");
                        // The run is polled, and waits again.
                        tokio::task::yield_now().await;
                    }
                },
                run
            );
            assert!(end.is_ok());
        }));
    }
    for task in tasks {
        task.await.expect("it does not panic");
    }
    began.elapsed() / (runs * RINGS)
}

async fn runner(folder: &std::path::Path) -> Runner<Bell> {
    let store = RedbStore::options().durability(Durability::MayLoseLatest {
        within: Duration::from_hours(1),
    });
    let store = store.open(folder.join("bells.redb")).expect("it is made");
    let runner = Runner::<Bell>::builder(Tower).store(store);
    runner.launch().await.expect("it is launched")
}

/// The time of a signal, from when it is sent until the next can be taken.
async fn stored(runs: u32) -> Duration {
    const RINGS: u32 = 200;
    let folder = tempfile::tempdir().expect("there is room");
    let runner = Arc::new(runner(folder.path()).await);
    let mut tasks = Vec::new();
    let began = Instant::now();
    for number in 0..runs {
        let runner = Arc::clone(&runner);
        tasks.push(tokio::spawn(async move {
            let started = runner.start(format!("bell-{number}"), (), silent(RINGS));
            let run: Run<Bell> = started.await.expect("it is new");
            for _ in 0..=RINGS {
                run.ring(1).await.expect("it is stored");
            }
            assert!(run.end().await.is_ok());
        }));
    }
    for task in tasks {
        task.await.expect("it does not panic");
    }
    let took = began.elapsed() / (runs * RINGS);
    runner.shut_down(Duration::from_secs(10)).await;
    took
}

/// The time of a signal in memory beside kept ones, which the run has taken in before.
async fn in_memory_beside(kept: u32) -> Duration {
    const RINGS: u32 = 100_000;
    let with = in_memory_beside_all(kept, RINGS).await;
    with.saturating_sub(in_memory_beside_all(kept, 0).await) / RINGS
}

async fn in_memory_beside_all(kept: u32, rings: u32) -> Duration {
    let mut run = Bell::start(silent(rings)).run(&Tower);
    let remote = run.remote();
    for _ in 0..kept {
        remote.sound().await.expect("it is kept");
    }
    for _ in 0..=rings {
        remote.ring(1).await.expect("it takes them");
    }
    let began = Instant::now();
    assert!(run.await.is_ok());
    began.elapsed()
}

/// The time of a signal to a stored run beside kept ones, which its runner has read before.
async fn stored_beside(kept: u32) -> Duration {
    const RINGS: u32 = 200;
    let with = stored_beside_all(kept, RINGS).await;
    with.saturating_sub(stored_beside_all(kept, 0).await) / RINGS
}

async fn stored_beside_all(kept: u32, rings: u32) -> Duration {
    let folder = tempfile::tempdir().expect("there is room");
    let runner = runner(folder.path()).await;
    let started = runner.start("bell", (), silent(rings)).await;
    let run = started.expect("it is new");
    // Sent while nobody drives it, or each would wake it.
    runner.shut_down(Duration::from_secs(10)).await;
    for _ in 0..kept {
        run.sound().await.expect("it is stored");
    }
    for _ in 0..=rings {
        run.ring(1).await.expect("it is stored");
    }
    drop((run, runner));
    let began = Instant::now();
    let runner = self::runner(folder.path()).await;
    let run = runner.get("bell").await.expect("it is read");
    assert!(run.expect("it is there").end().await.is_ok());
    let took = began.elapsed();
    runner.shut_down(Duration::from_secs(10)).await;
    took
}

/// The time from when a signal is sent to its answer, in memory.
async fn answered_in_memory() -> Duration {
    const ASKED: u32 = 10_000;
    let mut run = Bell::start(silent(0)).run(&Tower);
    let remote = run.remote();
    let asks = async {
        let began = Instant::now();
        for _ in 0..ASKED {
            remote.count().answered().await.expect("it answers");
        }
        let took = began.elapsed() / ASKED;
        remote.ring(1).await.expect("it takes it");
        took
    };
    let (end, took) = tokio::join!(run, asks);
    assert!(end.is_ok());
    took
}

/// The same of a stored run.
async fn answered_stored() -> Duration {
    const ASKED: u32 = 500;
    let folder = tempfile::tempdir().expect("there is room");
    let runner = runner(folder.path()).await;
    let run = runner
        .start("bell", (), silent(0))
        .await
        .expect("it is new");
    let began = Instant::now();
    for _ in 0..ASKED {
        run.count().answered().await.expect("it answers");
    }
    let took = began.elapsed() / ASKED;
    runner.shut_down(Duration::from_secs(10)).await;
    took
}

workflow! {
    #[durable(version = 1)]
    workflow Letter {
        start Sent;
        done Read;

        poll read every 1ms: Sent -> Read;
    }
}

/// Answers from asking number `answers` on.
struct Post {
    asked: AtomicU32,
    answers: u32,
}

impl LetterSteps for Post {
    type Error = String;

    async fn read(&self, _: &Sent, step: &Step<OnRead>) -> Result<Option<OnRead>, String> {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
        Ok((asked >= self.answers).then(|| step.to(Read)))
    }
}

/// The time that one asking of a poll takes of a processor: many runs ask at once, each of them every millisecond.
async fn askings() -> Duration {
    const ASKED: u32 = 20_000;
    let folder = tempfile::tempdir().expect("there is room");
    let store = RedbStore::options().durability(Durability::MayLoseLatest {
        within: Duration::from_hours(1),
    });
    let store = store.open(folder.path().join("letters.redb"));
    let post = Post {
        asked: AtomicU32::new(0),
        answers: ASKED,
    };
    let runner = Runner::<Letter>::builder(post).store(store.expect("it is made"));
    let runner = runner.launch().await.expect("it is launched");
    let mut runs = Vec::new();
    let began = Instant::now();
    for number in 0..256 {
        let started = runner.start(format!("letter-{number}"), (), Sent).await;
        runs.push(started.expect("it is new"));
    }
    for run in runs {
        assert!(run.end().await.is_ok());
    }
    let took = began.elapsed() / ASKED;
    runner.shut_down(Duration::from_secs(10)).await;
    took
}

/// The time of a timer in memory, from when all of them are due until each run has ended; and the bytes that one takes before.
async fn timers_in_memory(runs: u32) -> (Duration, i64) {
    let until = SystemTime::now() + Duration::from_secs(1) + Duration::from_micros(5) * runs;
    let before = live();
    let mut tasks = Vec::new();
    for _ in 0..runs {
        let silent = Silent { rings: 0, until };
        tasks.push(tokio::spawn(async move {
            Bell::start(silent).run(&Tower).await.is_ok()
        }));
    }
    let left = until.duration_since(SystemTime::now());
    let left = left.expect("they were started in time");
    tokio::time::sleep(left / 2).await;
    let bytes = (live() - before) / i64::from(runs);
    let left = until.duration_since(SystemTime::now());
    tokio::time::sleep(left.unwrap_or_default()).await;
    let began = Instant::now();
    for task in tasks {
        assert!(task.await.expect("it does not panic"));
    }
    (began.elapsed() / runs, bytes)
}

/// Runs that wait for a time.
async fn waiting(runner: &Arc<Runner<Bell>>, runs: u32, until: SystemTime) {
    let mut tasks = Vec::new();
    for part in 0..64 {
        let runner = Arc::clone(runner);
        tasks.push(tokio::spawn(async move {
            for number in (part..runs).step_by(64) {
                let id = format!("bell-{number}");
                let started = runner.start(id, (), Silent { rings: 0, until }).await;
                started.expect("it is new");
            }
        }));
    }
    for task in tasks {
        task.await.expect("it does not panic");
    }
}

async fn stored_timers() {
    println!("a timer of a stored run, by the number that fall due at once");
    for runs in [1_000, 100_000] {
        line(runs, timers(runs).await);
    }
}

/// The time of a timer, from when all of them are due until each run has ended.
async fn timers(runs: u32) -> Duration {
    let folder = tempfile::tempdir().expect("there is room");
    let runner = Arc::new(runner(folder.path()).await);
    let before = GIVEN_UP.load(Ordering::Relaxed);
    // They are due when all of them wait.
    let until = SystemTime::now() + Duration::from_secs(3) + Duration::from_micros(120) * runs;
    waiting(&runner, runs, until).await;
    let left = until.duration_since(SystemTime::now());
    tokio::time::sleep(left.expect("they were started in time")).await;
    let began = Instant::now();
    // To count the runs in the store would take a good part of the time that is measured.
    while GIVEN_UP.load(Ordering::Relaxed) - before < runs {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    while left_waiting(&runner).await > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let took = began.elapsed() / runs;
    runner.shut_down(Duration::from_secs(10)).await;
    took
}

async fn left_waiting(runner: &Runner<Bell>) -> u64 {
    let waiting = Filter::new().state("Silent");
    let counts = runner.count(waiting).await.expect("they are counted");
    counts.iter().map(|count| count.runs).sum()
}

/// The time of a launch over this many waiting runs, and the bytes that each takes then.
async fn launch(runs: u32) -> (Duration, i64) {
    let folder = tempfile::tempdir().expect("there is room");
    let before = Arc::new(runner(folder.path()).await);
    waiting(&before, runs, SystemTime::now() + DAY).await;
    before.shut_down(Duration::from_mins(1)).await;
    drop(before);
    let bytes = live();
    let began = Instant::now();
    let runner = runner(folder.path()).await;
    let took = began.elapsed();
    tokio::time::sleep(Duration::from_secs(2)).await;
    // redb's cache of the file is bounded, and not counted.
    let each = (live() - bytes) / i64::from(runs);
    runner.shut_down(Duration::from_secs(10)).await;
    (took, each)
}
