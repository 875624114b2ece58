//! The service: what a request asks of the runner, and how its answer is said in HTTP.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::json;
use stateway::store::{Filter, StoreError};
use stateway::{EndError, Runner, SignalError, StartError};

use crate::process::{AnyExpense, Expense, ExpenseInput, Submitted};

/// A new expense.
#[derive(Deserialize)]
struct NewExpense {
    employee: String,
    cents: u64,
    group: String,
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
    let started = service
        .runner
        .start(id, input, Submitted { group, patience });
    let run = started.await?;
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

/// 202: the decision is on disk, and the run will take it. The same `Idempotency-Key` again is the same decision.
async fn send(
    State(service): State<Service>,
    Path((id, signal)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Refusal> {
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
    sent.await?;
    Ok(StatusCode::ACCEPTED)
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

impl From<EndError> for Refusal {
    fn from(error: EndError) -> Self {
        Refusal::new(StatusCode::SERVICE_UNAVAILABLE, &error)
    }
}
