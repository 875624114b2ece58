//! The cost of a store and a runner beside a hundred times as many others: suspects, names, and runners in one process.
//!
//! Each table has one line for a few and one for many. What a line times is the same in both, so the lines should say
//! the same. Nothing is flushed, since a disk would hide the difference.
//!
//! `cargo bench -p stateway-benches --bench crowd`

use std::future::Future;
use std::time::{Duration, Instant, SystemTime};

use redb::backends::InMemoryBackend;
use stateway::prelude::*;
use stateway::store::{
    Claim, Commit, Created, Declaration, Declared, Event, Holder, Lease, Message, NewRun, Outbox,
    Release, Status, Store as _, Suspects, WorkflowVersions,
};
use stateway::{Durability, RedbStore, Runner};
use tokio::runtime::Builder;

workflow! {
    #[durable(version = 1)]
    #[derive(Clone)]
    workflow Hop {
        start Here;
        done  There;

        step hop as Hopped: Here -> There;
    }
}

struct Legs;

impl HopSteps for Legs {
    type Error = String;

    async fn hop(&self, _: Here, step: &Step<Hopped>) -> Result<Hopped, String> {
        Ok(step.to(There))
    }
}

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
    runtime.block_on(async {
        println!("a claim beside so many suspects, for which there is no room");
        for suspects in [100, 10_000] {
            line(suspects, claims(suspects).await);
        }
        println!("a claim beside so many runs that the same runner was given, and whose leases have passed");
        for runs in [100, 10_000] {
            line(runs, lapsed(runs).await);
        }
        println!("a declaration, and a claim, in a store with so many names");
        for names in [10, 1_000] {
            let (declaration, claim) = named(names).await;
            line(names, declaration);
            line(names, claim);
        }
        println!("a claim of one run, by an engine of so many workflows, beside a run of each that is due later");
        for workflows in [10, 1_000] {
            line(workflows, claimed_of(workflows).await);
        }
        println!("the time per run, and per message, of an outbox of so many");
        for many in [100, 10_000] {
            let (run, message) = sent_out(many).await;
            line(many, run);
            line(many, message);
        }
        println!("a run of one transition, in a process with so many runners on its store");
        for runners in [1, 10, 100, 1_000] {
            line(runners, hops(runners).await);
        }
    });
}

fn line(many: usize, took: Duration) {
    println!("{many:>8} {took:>10.1?}");
}

fn open() -> RedbStore {
    let options = RedbStore::options().durability(Durability::MayLoseLatest {
        within: Duration::from_hours(1),
    });
    let store = options.open_backend(InMemoryBackend::new());
    store.expect("memory can be written")
}

/// So many times it is asked in a row.
const ROW: u32 = 200;

/// The time that each of these takes in the fastest of five rows: other programs make a row slow, and none makes it fast.
async fn each<F: Future>(mut ask: impl FnMut(u32) -> F) -> Duration {
    let mut fastest = Duration::MAX;
    for row in 0..5 {
        let began = Instant::now();
        for number in 0..ROW {
            ask(row * ROW + number).await;
        }
        fastest = fastest.min(began.elapsed() / ROW);
    }
    fastest
}

fn lease(duration: Duration) -> Lease {
    Lease {
        holder: Holder::unique(),
        duration,
    }
}

fn claim(workflow: &str, lease: Lease, suspects: Suspects) -> Claim {
    Claim {
        workflows: [WorkflowVersions::one(workflow, 1)].into(),
        now: SystemTime::now(),
        lease,
        limit: 256,
        suspects,
    }
}

async fn hold(store: &RedbStore, number: usize, lease: Lease) {
    let run = NewRun {
        incarnation: 1,
        lease: Some(lease),
        ..NewRun::new(
            format!("run-{number}").parse().expect("it is an id"),
            "Hop",
            1,
            "Here",
            SystemTime::now(),
        )
    };
    store.create(run).await.expect("it is added");
}

/// One suspect that has died often is under way, so no other is given.
const FULL: Suspects = Suspects {
    under_way: 1,
    deaths: 5,
    alone_from: 5,
};

/// Their holder stalled.
async fn claims(suspects: usize) -> Duration {
    let (store, stalled) = (open(), lease(Duration::ZERO));
    for number in 0..suspects {
        hold(&store, number, stalled).await;
    }
    let claim = claim("Hop", lease(Duration::from_mins(1)), FULL);
    // The first finds that the leases have passed.
    for _ in 0..2 {
        let claims = store.claim(claim.clone()).await.expect("it is answered");
        assert_eq!((claims.taken.len(), claims.left), (0, suspects));
    }
    each(|_| store.claim(claim.clone())).await
}

/// One of them is the caller's own, again and again.
async fn lapsed(runs: usize) -> Duration {
    let (store, stalled, own) = (open(), lease(Duration::ZERO), lease(Duration::ZERO));
    for number in 0..runs {
        hold(&store, number, stalled).await;
    }
    hold(&store, runs, own).await;
    let claim = claim("Hop", own, FULL);
    store.claim(claim.clone()).await.expect("it is answered");
    let claims = store.claim(claim.clone()).await.expect("it is answered");
    assert_eq!((claims.own.len(), claims.left), (1, runs));
    each(|_| store.claim(claim.clone())).await
}

async fn named(names: usize) -> (Duration, Duration) {
    let store = open();
    let declaration = |number: usize| Declaration {
        workflow: format!("Workflow{number}"),
        package: "stateway-benches".to_owned(),
        path: "crowd",
        adopts: false,
    };
    for number in 0..names {
        let declared = store.declare(declaration(number)).await;
        assert_eq!(declared.expect("it is answered"), Declared::Granted);
        let run = NewRun {
            incarnation: 1,
            ..NewRun::new(
                format!("run-{number}").parse().expect("it is an id"),
                format!("Workflow{number}"),
                1,
                "Here",
                SystemTime::now() + Duration::from_hours(1),
            )
        };
        store.create(run).await.expect("it is added");
    }
    let declared = each(|number| store.declare(declaration(number as usize % names))).await;
    let claim = claim(
        "Workflow7",
        lease(Duration::from_mins(1)),
        Suspects::none(5),
    );
    let claimed = each(|_| store.claim(claim.clone())).await;
    (declared, claimed)
}

/// A run that is due and given back, again and again; all have other priorities.
async fn claimed_of(workflows: usize) -> Duration {
    let store = open();
    let name = |number: usize| format!("Workflow{number}");
    let new = |number: usize, id: String| NewRun {
        priority: i8::try_from(number % 100).expect("it is small"),
        ..NewRun::new(
            id.parse().expect("it is an id"),
            name(number),
            1,
            "Here",
            SystemTime::now(),
        )
    };
    for number in 0..workflows {
        let later = NewRun {
            due: Some(SystemTime::now() + Duration::from_hours(1)),
            ..new(number, format!("later-{number}"))
        };
        store.create(later).await.expect("it is added");
    }
    store
        .create(new(workflows / 2, "due".to_owned()))
        .await
        .expect("it is added");
    let claim = Claim {
        workflows: (0..workflows)
            .map(|number| WorkflowVersions::one(name(number), 1))
            .collect(),
        ..claim("", lease(Duration::from_mins(1)), Suspects::none(5))
    };
    each(async |_| {
        let claim = Claim {
            now: SystemTime::now(),
            ..claim.clone()
        };
        let claims = store.claim(claim).await.expect("it is answered");
        let [claimed] = &*claims.taken else {
            panic!("one is due")
        };
        let release = Release::now(&claimed.row, SystemTime::now());
        store.release(release).await.expect("it is held");
    })
    .await
}

/// The time per run, and per message, of an outbox.
async fn sent_out(many: usize) -> (Duration, Duration) {
    let store = open();
    let held = NewRun {
        lease: Some(lease(Duration::from_hours(1))),
        ..NewRun::new(
            "sender".parse().expect("it is an id"),
            "Hop",
            1,
            "Here",
            SystemTime::now(),
        )
    };
    let Ok(Created::New(mut row)) = store.create(held).await else {
        panic!("it is new")
    };
    let id = |number: usize| format!("sent-{number}").parse().expect("it is an id");
    let now = SystemTime::now();
    let runs = (0..many).map(|number| NewRun::new(id(number), "Hop", 1, "Here", now));
    let messages = (0..many).map(|number| Message {
        run: id(number),
        id: "hurry".to_owned(),
        signal: "hurry".to_owned(),
        payload: Vec::new(),
        at: now,
    });
    let outboxes = [
        Outbox {
            runs: runs.collect(),
            messages: Vec::new(),
        },
        Outbox {
            runs: Vec::new(),
            messages: messages.collect(),
        },
    ];
    let mut took = outboxes.map(|outbox| (outbox, Duration::ZERO));
    for (outbox, took) in &mut took {
        let event = Event::Transition {
            transition: "hop".into(),
            internal: false,
            visit: row.visit + 1,
            version: 1,
            attempts: 1,
            message: None,
            state: "Here".into(),
            payload: Vec::new(),
            undo: None,
            answer: None,
        };
        let commit = Commit {
            outbox: std::mem::take(outbox),
            ..Commit::new(&row, event, Status::Running, now)
        };
        let began = Instant::now();
        store.commit(commit.clone()).await.expect("it is held");
        *took = began.elapsed() / u32::try_from(many).expect("they are few");
        let _ = row.apply(&commit, 0);
    }
    (took[0].1, took[1].1)
}

async fn hops(runners: usize) -> Duration {
    let store = open();
    let mut all = Vec::new();
    for _ in 0..runners {
        let runner = Runner::<Hop>::builder(Legs).store(store.clone());
        // None of them looks for runs while this is measured.
        let runner = runner.poll_every(Duration::from_hours(1)).launch().await;
        all.push(runner.expect("the store is there"));
    }
    let took = each(async |number| {
        let run = all[0].start(format!("run-{number}"), (), Here).await;
        let end = run.expect("it starts").end().await;
        assert!(end.is_ok());
    })
    .await;
    for runner in all {
        runner.shut_down(Duration::from_secs(1)).await;
    }
    took
}
