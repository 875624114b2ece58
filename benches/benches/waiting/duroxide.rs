//! The same in duroxide: an orchestration that takes events from a queue of its own, and one that waits for a timer, on a file of
//! `SQLite` that is not flushed either.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use duroxide::providers::sqlite::SqliteProvider;
use duroxide::runtime::Runtime;
use duroxide::runtime::registry::ActivityRegistry;
use duroxide::{Client, OrchestrationContext, OrchestrationRegistry, OrchestrationStatus};

async fn launched(folder: &Path) -> (Arc<Runtime>, Arc<Client>) {
    let path = folder.join("duroxide.db");
    std::fs::File::create(&path).expect("the file is made");
    let url = format!("sqlite:{}", path.display());
    let store = SqliteProvider::new(&url, None).await;
    let store = Arc::new(store.expect("the file is new"));
    let rings = |context: OrchestrationContext, rings: String| async move {
        let rings: u32 = rings.parse().map_err(|_| "no number".to_owned())?;
        for _ in 0..rings {
            context.dequeue_event("ring").await;
        }
        Ok::<_, String>(String::new())
    };
    let waits = |context: OrchestrationContext, millis: String| async move {
        let millis = millis.parse().map_err(|_| "no number".to_owned())?;
        context.schedule_timer(Duration::from_millis(millis)).await;
        Ok::<_, String>(String::new())
    };
    let orchestrations = OrchestrationRegistry::builder()
        .register("rings", rings)
        .register("waits", waits)
        .build();
    let activities = ActivityRegistry::builder().build();
    let runtime =
        Runtime::start_with_store(Arc::clone(&store) as _, activities, orchestrations).await;
    (runtime, Arc::new(Client::new(store)))
}

async fn ended(client: &Client, id: &str) {
    let end = client
        .wait_for_orchestration(id, Duration::from_mins(5))
        .await;
    match end.expect("it ends") {
        OrchestrationStatus::Completed { .. } => {}
        other => panic!("{other:?}"),
    }
}

/// The time of an event, from when it is sent until the next can be taken.
pub(crate) async fn events(runs: u32, rings: u32) -> Duration {
    let folder = tempfile::tempdir().expect("there is room");
    let (runtime, client) = launched(folder.path()).await;
    let mut tasks = Vec::new();
    let began = Instant::now();
    for number in 0..runs {
        let client = Arc::clone(&client);
        tasks.push(tokio::spawn(async move {
            let id = format!("bell-{number}");
            let started = client.start_orchestration(&id, "rings", rings.to_string());
            started.await.expect("it starts");
            for _ in 0..rings {
                let sent = client.enqueue_event(&id, "ring", "1");
                sent.await.expect("it is stored");
            }
            ended(&client, &id).await;
        }));
    }
    for task in tasks {
        task.await.expect("it does not panic");
    }
    let took = began.elapsed() / (runs * rings);
    runtime.shutdown(None).await;
    took
}

/// The time of a timer, from when all of them are due until each run has ended.
pub(crate) async fn timers(runs: u32) -> Duration {
    let folder = tempfile::tempdir().expect("there is room");
    let (runtime, client) = launched(folder.path()).await;
    // They are due when all of them wait.
    let began = Instant::now();
    let all = Duration::from_secs(3) + Duration::from_millis(4) * runs;
    for number in 0..runs {
        let left = all.saturating_sub(began.elapsed()).as_millis();
        let id = format!("bell-{number}");
        let started = client.start_orchestration(&id, "waits", left.to_string());
        started.await.expect("it starts");
    }
    tokio::time::sleep(all.saturating_sub(began.elapsed())).await;
    let due = Instant::now();
    for number in 0..runs {
        ended(&client, &format!("bell-{number}")).await;
    }
    let took = due.elapsed() / runs;
    runtime.shutdown(None).await;
    took
}
