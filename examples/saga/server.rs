//! The other side: a server that books flights, hotels and cars, keeps books, and fails at random.
//!
//! It fails in all the ways that matter to a client: it is busy and says for how long, it is down,
//! and it does what was asked and loses the answer. What it does with a request depends on the
//! seed, the trip and how often it was asked, and not on the order in which trips arrive.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use tokio::net::TcpListener;

use crate::kind::Kind;
use crate::wire::{Balance, Booking, Order, RETRY_AFTER};

/// Starts a server at a free port of this machine.
///
/// # Errors
/// If no port can be had.
pub(crate) async fn start(seed: u64) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let server = Arc::new(Server {
        seed,
        books: Mutex::default(),
    });
    let router = Router::new()
        .route("/book", post(book))
        .route("/cancel", post(cancel))
        .route("/books", get(balance))
        .with_state(server);
    // It lives as long as the program.
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

struct Server {
    seed: u64,
    books: Mutex<Books>,
}

#[derive(Default)]
struct Books {
    booked: HashSet<(Kind, String)>,
    /// Keys that were cancelled: a request that comes late books nothing any more.
    cancelled: HashSet<(Kind, String)>,
    given_back: u32,
    failed: u32,
    asked: HashMap<(Kind, String), u32>,
}

/// The fate of a request.
enum Fate {
    Well,
    Busy,
    Down,
    /// It is done, and the answer is lost.
    AnswerLost,
}

impl Server {
    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().expect("nobody panics holding it")
    }

    fn random(&self, about: impl Hash) -> fastrand::Rng {
        let mut hasher = DefaultHasher::new();
        (self.seed, about).hash(&mut hasher);
        fastrand::Rng::with_seed(hasher.finish())
    }

    /// Waits for as long as the work takes, and decides.
    async fn fate(&self, order: &Order) -> Fate {
        let asked = {
            let mut books = self.books();
            let asked = books
                .asked
                .entry((order.what, order.key.clone()))
                .or_default();
            *asked += 1;
            *asked
        };
        let mut random = self.random((order.trip, order.what, asked));
        tokio::time::sleep(Duration::from_micros(random.u64(0..2_000))).await;
        match random.u32(0..100) {
            0..60 => Fate::Well,
            60..75 => Fate::Busy,
            75..88 => Fate::Down,
            _ => Fate::AnswerLost,
        }
    }

    /// Returns true if anything is left for this trip.
    fn is_left(&self, order: &Order) -> bool {
        self.random((order.trip, order.what, "left")).u32(0..100) < 88
    }

    fn fail(&self, status: StatusCode) -> Response {
        self.books().failed += 1;
        status.into_response()
    }

    /// The answer that the client gets.
    fn answer(&self, fate: &Fate, done: Response) -> Response {
        match fate {
            Fate::AnswerLost => self.fail(StatusCode::INTERNAL_SERVER_ERROR),
            _ => done,
        }
    }

    /// The answer to a request that nothing is done about.
    fn undone(&self, fate: &Fate) -> Option<Response> {
        match fate {
            Fate::Busy => {
                let mut response = self.fail(StatusCode::SERVICE_UNAVAILABLE);
                let milliseconds = HeaderValue::from_static("3");
                response.headers_mut().insert(RETRY_AFTER, milliseconds);
                Some(response)
            }
            Fate::Down => Some(self.fail(StatusCode::BAD_GATEWAY)),
            Fate::Well | Fate::AnswerLost => None,
        }
    }
}

async fn book(State(server): State<Arc<Server>>, Json(order): Json<Order>) -> Response {
    let fate = server.fate(&order).await;
    if let Some(response) = server.undone(&fate) {
        return response;
    }
    if !server.is_left(&order) {
        return server.answer(&fate, StatusCode::CONFLICT.into_response());
    }
    let id = {
        let mut books = server.books();
        let entry = (order.what, order.key);
        if books.cancelled.contains(&entry) {
            return StatusCode::GONE.into_response();
        }
        // The same for each run of the program, in whatever order the trips arrive.
        let id = u64::from(order.trip) * 10 + order.what as u64;
        books.booked.insert(entry);
        id
    };
    server.answer(&fate, Json(Booking { id }).into_response())
}

async fn cancel(State(server): State<Arc<Server>>, Json(order): Json<Order>) -> Response {
    let fate = server.fate(&order).await;
    if let Some(response) = server.undone(&fate) {
        return response;
    }
    {
        let mut books = server.books();
        let entry = (order.what, order.key);
        if books.booked.remove(&entry) {
            books.given_back += 1;
        }
        books.cancelled.insert(entry);
    }
    server.answer(&fate, StatusCode::NO_CONTENT.into_response())
}

async fn balance(State(server): State<Arc<Server>>) -> Json<Balance> {
    let books = server.books();
    let mut booked: BTreeMap<Kind, u32> = Kind::ALL.map(|kind| (kind, 0)).into();
    for (kind, _) in &books.booked {
        *booked.entry(*kind).or_default() += 1;
    }
    Json(Balance {
        booked,
        cancelled: books.given_back,
        failed: books.failed,
    })
}
