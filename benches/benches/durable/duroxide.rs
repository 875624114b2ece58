//! The same in duroxide: an orchestration of nine activities, on a file of `SQLite`.

use std::sync::Arc;
use std::time::Duration;

use duroxide::providers::sqlite::SqliteProvider;
use duroxide::runtime::Runtime;
use duroxide::runtime::registry::ActivityRegistry;
use duroxide::{
    ActivityContext, Client, OrchestrationContext, OrchestrationRegistry, OrchestrationStatus,
};

use crate::file::fresh;
use crate::{Rate, runs, timed, transitions_a_second};

pub(crate) async fn rate(at_once: u64) -> Rate {
    let path = fresh("duroxide.db");
    std::fs::File::create(&path).expect("the file is made");
    let url = format!("sqlite:{}", path.display());
    let store = SqliteProvider::new(&url, None)
        .await
        .expect("the file is new");
    let store = Arc::new(store);
    let activities = ActivityRegistry::builder()
        .register("step", |_: ActivityContext, steps: String| async move {
            let steps: u64 = steps.parse().map_err(|_| "no number".to_owned())?;
            Ok((steps + 1).to_string())
        })
        .build();
    let walk = |context: OrchestrationContext, mut steps: String| async move {
        for _ in 0..9 {
            steps = context.schedule_activity("step", steps).await?;
        }
        Ok::<_, String>(steps)
    };
    let orchestrations = OrchestrationRegistry::builder()
        .register("walk", walk)
        .build();
    let runtime =
        Runtime::start_with_store(Arc::clone(&store) as _, activities, orchestrations).await;
    let client = Arc::new(Client::new(store));
    let runs = runs(at_once, if at_once < 8 { 4 } else { 16 });
    let elapsed = timed(at_once, runs, |number| {
        let client = Arc::clone(&client);
        async move {
            let id = format!("run-{number}");
            client
                .start_orchestration(&id, "walk", "0")
                .await
                .expect("it starts");
            let end = client
                .wait_for_orchestration(&id, Duration::from_mins(5))
                .await;
            match end.expect("it ends") {
                OrchestrationStatus::Completed { output, .. } => assert_eq!(output, "9"),
                other => panic!("{other:?}"),
            }
        }
    })
    .await;
    runtime.shutdown(None).await;
    Rate {
        transitions: transitions_a_second(runs, elapsed),
        rows_a_flush: None,
    }
}
