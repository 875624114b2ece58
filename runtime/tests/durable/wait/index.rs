//! Runs are found by the fields of the state that they are in.

use std::sync::Arc;

use stateway::prelude::*;
use stateway::store::{Filter, IndexValue, Store};
use stateway::{Clock, MemoryStore, RedbStore};

workflow! {
    #[derive(Debug)]
    #[durable(version = 1)]
    workflow Ticket {
        start Open { #[index] queue: String, note: String };
        state Assigned { #[index] r#type: Option<i64>, #[index] queue: String };
        done Closed { #[index] level: u32 };

        signal assign(Option<i64>): Open -> Assigned;
        signal close: Assigned -> Closed;
    }
}

struct Desk;

impl TicketSteps for Desk {
    type Error = String;

    async fn assign(
        &self,
        open: Open,
        r#type: Option<i64>,
        step: &Step<OnAssign>,
    ) -> Result<OnAssign, String> {
        drop(open.note);
        Ok(step.to(Assigned {
            r#type,
            queue: open.queue,
        }))
    }

    async fn close(&self, _: Assigned, step: &Step<OnClose>) -> Result<OnClose, String> {
        Ok(step.to(Closed { level: 3 }))
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_is_found_by_the_fields_of_the_state_that_it_is_in() {
    let folder = tempfile::tempdir().unwrap();
    let stores: [Arc<dyn Store>; 2] = [
        Arc::new(MemoryStore::new()),
        Arc::new(RedbStore::open(folder.path().join("tickets.redb")).unwrap()),
    ];
    for store in stores {
        let runner = Runner::<Ticket>::builder(Desk).clock(Clock::tokio());
        let runner = runner.store(store).launch().await.unwrap();
        for (id, queue) in [("t-1", "sales"), ("t-2", "support"), ("t-3", "sales")] {
            let (queue, note) = (queue.to_owned(), "a note".to_owned());
            runner.start(id, (), Open { queue, note }).await.unwrap();
        }
        let found = async |filter: Filter| {
            let rows = runner.list(filter).await.unwrap();
            rows.iter()
                .map(|row| row.id.to_string())
                .collect::<Vec<_>>()
        };
        let of = |name: &'static str, value: IndexValue| Filter::new().index(name, value);
        assert_eq!(found(of("queue", "sales".into())).await, ["t-1", "t-3"]);
        assert_eq!(found(of("note", "a note".into())).await, [""; 0]);

        for (id, kind) in [("t-1", Some(-7)), ("t-2", None)] {
            let run = runner.get(id).await.unwrap().unwrap();
            run.assign(kind).await.unwrap();
            while run.info().await.unwrap().state != "Assigned" {
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        }
        assert_eq!(found(of("queue", "sales".into())).await, ["t-1", "t-3"]);
        let assigned = of("queue", "sales".into()).state("Assigned");
        assert_eq!(found(assigned).await, ["t-1"]);
        assert_eq!(found(of("type", IndexValue::Integer(-7))).await, ["t-1"]);

        let run = runner.get("t-1").await.unwrap().unwrap();
        run.close().await.unwrap();
        assert!(run.end().await.is_ok());
        assert_eq!(found(of("queue", "sales".into())).await, ["t-3"]);
        assert_eq!(found(of("level", IndexValue::Integer(3))).await, ["t-1"]);
        runner.shut_down(std::time::Duration::from_secs(9)).await;
    }
}
