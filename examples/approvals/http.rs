//! The service: what a request asks of the runner, and how its answer is said in HTTP.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::json;
use stateway::store::{Filter, StoreError};
use stateway::{EndError, NotApplied, Runner, SignalError, StartError};
use tokio::time::timeout;

use crate::process::{AnyExpense, Comment, Expense, ExpenseInput, ExpenseSignals as _, Submitted};

/// A new expense.
#[derive(Deserialize)]
struct NewExpense {
    employee: String,
    cents: u64,
    group: String,
}

/// The time that a request may take.
#[derive(Deserialize)]
struct Waits {
    /// In seconds.
    wait: Option<u64>,
}

/// An expense as it is answered.
#[derive(Serialize)]
struct Answer {
    status: String,
    #[serde(flatten)]
    expense: AnyExpense,
}

#[derive(Clone)]
struct Service {
    runner: Arc<Runner<Expense>>,
    patience: Duration,
}

pub(crate) fn router(runner: Arc<Runner<Expense>>, patience: Duration) -> Router {
    Router::new()
        .route("/expenses/{id}", get(show).put(submit))
        .route("/expenses/{id}/comments", post(comment))
        .route("/expenses/{id}/{signal}", post(send))
        .route("/waiting/{group}", get(waiting))
        .with_state(Service { runner, patience })
}

/// 201 for a new one, 200 for the same again, 409 for another under the same id.
async fn submit(
    State(service): State<Service>,
    Path(id): Path<String>,
    Json(new): Json<NewExpense>,
) -> Result<StatusCode, Refusal> {
    let NewExpense {
        employee,
        cents,
        group,
    } = new;
    let patience = service.patience;
    let input = ExpenseInput { employee, cents };
    let submitted = Submitted {
        group,
        patience,
        comments: Vec::new(),
        reminders: 0,
    };
    let run = service.runner.start(id, input, submitted).await?;
    Ok(if run.is_new() {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    })
}

async fn show(
    State(service): State<Service>,
    Path(id): Path<String>,
) -> Result<Json<Answer>, Refusal> {
    let run = service.runner.get(id).await?.ok_or(Refusal::NOT_FOUND)?;
    loop {
        let (expense, info) = (run.state().await?, run.info().await?);
        // It may have moved on between the two.
        if info.state == expense.state().name {
            let status = info.status.to_string();
            return Ok(Json(Answer { status, expense }));
        }
    }
}

/// 202: the decision is on disk, and the run will take it. The same `Idempotency-Key` again is the same decision. With
/// `?wait=SECONDS` 200 and what it has led to, if that is known by then.
async fn send(
    State(service): State<Service>,
    Path((id, signal)): Path<(String, String)>,
    Query(Waits { wait }): Query<Waits>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let mut sent = service
        .runner
        .signal_json(id, signal, body)
        .if_accepted_now();
    if let Some(key) = headers.get("idempotency-key") {
        let key = key.to_str().map_err(|_| Refusal {
            status: StatusCode::BAD_REQUEST,
            reason: "the idempotency key is no text".to_owned(),
        })?;
        sent = sent.message_id(key);
    }
    let sent = sent.await?;
    if let Some(wait) = wait
        && let Ok(applied) = timeout(Duration::from_secs(wait), sent.applied()).await
    {
        let state = applied?.state;
        return Ok((StatusCode::OK, Json(json!({ "state": state }))).into_response());
    }
    Ok(StatusCode::ACCEPTED.into_response())
}

/// 200 and the number of comments that there are.
async fn comment(
    State(service): State<Service>,
    Path(id): Path<String>,
    Json(comment): Json<Comment>,
) -> Result<Json<usize>, Refusal> {
    let run = service.runner.get(id).await?.ok_or(Refusal::NOT_FOUND)?;
    let comments = run.comment(comment).if_accepted_now().answered().await?;
    Ok(Json(comments))
}

/// The expenses that wait for a group.
async fn waiting(
    State(service): State<Service>,
    Path(group): Path<String>,
) -> Result<Json<Vec<String>>, Refusal> {
    let rows = service
        .runner
        .list(Filter::new().index("group", group))
        .await?;
    Ok(Json(
        rows.into_iter().map(|row| row.id.to_string()).collect(),
    ))
}

/// Why a request is refused.
struct Refusal {
    status: StatusCode,
    reason: String,
}

impl Refusal {
    const NOT_FOUND: Refusal = Refusal {
        status: StatusCode::NOT_FOUND,
        reason: String::new(),
    };

    fn new(status: StatusCode, error: &impl ToString) -> Self {
        let reason = error.to_string();
        Refusal { status, reason }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "error": self.reason }))).into_response()
    }
}

impl From<SignalError> for Refusal {
    fn from(error: SignalError) -> Self {
        let status = match &error {
            SignalError::Id(_) | SignalError::Unknown { .. } | SignalError::NotFound { .. } => {
                StatusCode::NOT_FOUND
            }
            SignalError::Ended { .. }
            | SignalError::NeverAccepted { .. }
            | SignalError::NotAcceptedNow { .. } => StatusCode::CONFLICT,
            SignalError::Payload { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        };
        Refusal::new(status, &error)
    }
}

impl From<StartError> for Refusal {
    fn from(error: StartError) -> Self {
        let status = match &error {
            StartError::Conflict { .. } => StatusCode::CONFLICT,
            StartError::Id(_) => StatusCode::UNPROCESSABLE_ENTITY,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        };
        Refusal::new(status, &error)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        let status = match &error {
            StoreError::Id(_) | StoreError::NotFound { .. } => StatusCode::NOT_FOUND,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        };
        Refusal::new(status, &error)
    }
}

impl From<NotApplied> for Refusal {
    fn from(error: NotApplied) -> Self {
        let status = match error {
            NotApplied::NotSent(error) => return error.into(),
            // It was sent in time, and something else came first.
            NotApplied::Ended { .. } => StatusCode::CONFLICT,
            NotApplied::NotFound { .. } => StatusCode::NOT_FOUND,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        };
        Refusal::new(status, &error)
    }
}

impl From<EndError> for Refusal {
    fn from(error: EndError) -> Self {
        Refusal::new(StatusCode::SERVICE_UNAVAILABLE, &error)
    }
}
