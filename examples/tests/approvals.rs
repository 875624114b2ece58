//! The example `approvals`, driven over HTTP and killed in between.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

/// The service as a process, which is killed when this is dropped.
struct Service {
    process: Child,
    address: String,
    client: Client,
}

impl Service {
    fn start(folder: &Path, patience: u32, last_call: u32) -> Self {
        let mut process = Command::new(program())
            .args(["--port", "0", "--patience", &patience.to_string()])
            .args(["--last-call", &last_call.to_string(), "--in"])
            .arg(folder)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the example starts");
        let output = process.stdout.take().expect("it is piped");
        let mut line = String::new();
        BufReader::new(output)
            .read_line(&mut line)
            .expect("it says where it listens");
        let (address, _) = line.split_once(',').expect("it says where it listens");
        Service {
            address: address.to_owned(),
            process,
            client: Client::new(),
        }
    }

    async fn ask(&self, method: Method, path: &str, key: &str, body: Value) -> (StatusCode, Value) {
        let request = self
            .client
            .request(method, format!("{}{path}", self.address));
        let request = request.header("idempotency-key", key).json(&body);
        let response = request.send().await.expect("it answers");
        let status = response.status();
        (status, response.json().await.unwrap_or_default())
    }

    async fn submit(&self, id: &str, group: &str) -> StatusCode {
        let body = json!({"employee": "Ada", "cents": 1250, "group": group});
        self.ask(Method::PUT, &format!("/expenses/{id}"), "", body)
            .await
            .0
    }

    async fn decide(&self, id: &str, signal: &str, key: &str) -> StatusCode {
        let path = format!("/expenses/{id}/{signal}");
        self.ask(Method::POST, &path, key, json!({"by": "Grace"}))
            .await
            .0
    }

    async fn comment(&self, id: &str, text: &str) -> (StatusCode, Value) {
        let body = json!({"by": "Ada", "text": text});
        let path = format!("/expenses/{id}/comments");
        self.ask(Method::POST, &path, "", body).await
    }

    async fn show(&self, id: &str) -> Value {
        let (status, body) = self
            .ask(Method::GET, &format!("/expenses/{id}"), "", Value::Null)
            .await;
        assert_eq!(status, StatusCode::OK, "{body}");
        body
    }

    async fn waiting(&self, group: &str) -> Value {
        self.ask(Method::GET, &format!("/waiting/{group}"), "", Value::Null)
            .await
            .1
    }

    /// Waits until an expense is in this state.
    async fn comes_to(&self, id: &str, state: &str) -> Value {
        loop {
            let shown = self.show(id).await;
            if !shown[state].is_null() {
                return shown;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// As the system does it when there is no memory left: SIGKILL.
    fn kill(mut self) {
        self.process.kill().expect("it runs");
        self.process.wait().expect("it has ended");
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The example, which `cargo test` has built beside the tests.
fn program() -> PathBuf {
    let test = std::env::current_exe().expect("it runs");
    let folder = test
        .parent()
        .and_then(Path::parent)
        .expect("it is in `deps`");
    let program = folder.join("examples/approvals");
    let program = program.with_extension(std::env::consts::EXE_EXTENSION);
    assert!(
        program.exists(),
        "`cargo build --example approvals` makes it"
    );
    program
}

fn folder() -> PathBuf {
    let number = std::time::SystemTime::UNIX_EPOCH
        .elapsed()
        .expect("it is later")
        .as_nanos();
    std::env::temp_dir().join(format!("approvals-{}-{number}", std::process::id()))
}

#[tokio::test]
async fn a_decision_is_there_after_a_kill_and_is_applied_once() {
    let folder = folder();
    let service = Service::start(&folder, 3600, 3600);
    assert_eq!(service.submit("e-1", "sales").await, StatusCode::CREATED);
    assert_eq!(service.submit("e-1", "sales").await, StatusCode::OK);
    assert_eq!(service.submit("e-1", "support").await, StatusCode::CONFLICT);
    assert_eq!(service.submit("e-2", "sales").await, StatusCode::CREATED);
    service.kill();

    let service = Service::start(&folder, 3600, 3600);
    assert_eq!(service.waiting("sales").await, json!(["e-1", "e-2"]));
    assert_eq!(
        service.decide("e-1", "approve", "k-1").await,
        StatusCode::ACCEPTED
    );
    // Acknowledged, and perhaps not applied.
    service.kill();

    let service = Service::start(&folder, 3600, 3600);
    let shown = service.comes_to("e-1", "Approved").await;
    assert_eq!(shown["status"], "done");
    let approved = json!({"by": "Grace", "comment": "", "late": false});
    assert_eq!(shown["Approved"]["state"], approved);
    assert_eq!(shown["Approved"]["input"]["cents"], 1250);
    assert_eq!(service.waiting("sales").await, json!(["e-2"]));
    // The same request again is the same decision; another comes too late.
    assert_eq!(
        service.decide("e-1", "approve", "k-1").await,
        StatusCode::ACCEPTED
    );
    assert_eq!(
        service.decide("e-1", "reject", "k-2").await,
        StatusCode::CONFLICT
    );
    drop(service);
    std::fs::remove_dir_all(folder).expect("it is there");
}

#[tokio::test]
async fn what_cannot_be_is_refused_with_the_status_that_says_why() {
    let folder = folder();
    let service = Service::start(&folder, 3600, 3600);
    assert_eq!(service.submit("e-1", "sales").await, StatusCode::CREATED);
    assert_eq!(
        service.decide("e-9", "approve", "k").await,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        service.decide("e-1", "pay", "k").await,
        StatusCode::NOT_FOUND
    );
    let (status, said) = service
        .ask(
            Method::POST,
            "/expenses/e-1/approve",
            "k",
            json!({"who": "Grace"}),
        )
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        said["error"],
        "signal `approve` cannot carry this: missing field `by` at line 1 column 15"
    );
    assert_eq!(service.waiting("sales").await, json!(["e-1"]));
    drop(service);
    std::fs::remove_dir_all(folder).expect("it is there");
}

#[tokio::test]
async fn what_fell_due_while_nothing_ran_has_happened_after_a_start() {
    let folder = folder();
    let service = Service::start(&folder, 1, 3600);
    assert_eq!(service.submit("e-1", "sales").await, StatusCode::CREATED);
    service.kill();
    // Its patience is over when somebody looks again.
    let service = Service::start(&folder, 1, 3600);
    service.comes_to("e-1", "Escalated").await;
    assert_eq!(service.waiting("board").await, json!(["e-1"]));
    drop(service);

    // And the last call of the board, which a process with less patience gives.
    let service = Service::start(&folder, 1, 1);
    assert_eq!(service.submit("e-2", "sales").await, StatusCode::CREATED);
    let shown = service.comes_to("e-2", "Expired").await;
    assert_eq!(shown["status"], "failed");
    assert_eq!(
        service.decide("e-2", "approve", "k").await,
        StatusCode::CONFLICT
    );
    drop(service);
    std::fs::remove_dir_all(folder).expect("it is there");
}

#[tokio::test]
async fn comments_stay_and_a_decision_says_what_it_has_led_to() {
    let folder = folder();
    let service = Service::start(&folder, 3600, 3600);
    assert_eq!(service.submit("e-1", "sales").await, StatusCode::CREATED);
    assert_eq!(
        service.comment("e-1", "a").await,
        (StatusCode::OK, json!(1))
    );
    service.kill();
    let service = Service::start(&folder, 3600, 3600);
    assert_eq!(
        service.comment("e-1", "b").await,
        (StatusCode::OK, json!(2))
    );
    let shown = service.show("e-1").await;
    assert_eq!(
        shown["Submitted"]["state"]["comments"][1],
        json!({"by": "Ada", "text": "b"})
    );
    assert_eq!(service.waiting("sales").await, json!(["e-1"]));
    assert_eq!(service.comment("e-9", "c").await.0, StatusCode::NOT_FOUND);
    let path = "/expenses/e-1/reject?wait=60";
    let (status, said) = service
        .ask(Method::POST, path, "k-1", json!({"by": "Grace"}))
        .await;
    assert_eq!(
        (status, said),
        (StatusCode::OK, json!({"state": "Rejected"}))
    );
    assert_eq!(service.comment("e-1", "c").await.0, StatusCode::CONFLICT);
    drop(service);
    std::fs::remove_dir_all(folder).expect("it is there");
}

#[path = "../approvals/process.rs"]
mod process;

#[tokio::test(start_paused = true)]
async fn the_group_is_reminded_every_day_and_has_no_more_time_for_it() {
    use process::{Expense, ExpenseInput, Office, Submitted};
    use stateway::store::Event;
    use stateway::{Clock, MemoryStore, Runner};

    let office = Office {
        last_call: Duration::from_hours(1),
    };
    let runner = Runner::<Expense>::builder(office).store(MemoryStore::new());
    // So that days pass in a few steps.
    let runner = runner
        .clock(Clock::tokio())
        .poll_every(Duration::from_hours(1))
        .launch()
        .await
        .expect("it starts");
    let input = ExpenseInput {
        employee: "Ada".to_owned(),
        cents: 1250,
    };
    let submitted = Submitted {
        group: "sales".to_owned(),
        patience: Duration::from_hours(72),
        comments: Vec::new(),
        reminders: 0,
    };
    let run = runner
        .start("e-1", input, submitted)
        .await
        .expect("it is new");
    let escalated = run.reached(|it| matches!(it, process::AnyExpense::Escalated(_)));
    let _ = escalated.await.expect("its patience ends");
    let rows = runner.history("e-1").await.expect("it is there");
    let day = Duration::from_hours(24);
    let taken = rows.iter().filter_map(|row| match &row.event {
        Event::Transition { transition, .. } => {
            let since = row.at.duration_since(rows[0].at).expect("it is later");
            Some((&**transition, (since + day / 2).as_secs() / day.as_secs()))
        }
        _ => None,
    });
    let expected = [("remind", 1), ("remind", 2), ("remind", 3), ("escalate", 3)];
    assert_eq!(taken.take(4).collect::<Vec<_>>(), expected);
    runner.shut_down(Duration::from_secs(1)).await;
}
