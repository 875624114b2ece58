//! The other side: five sources of prices, played by one server, that cannot be relied on.
//!
//! A source may answer at once or late, never, with an error or with something that is no price. What
//! it does with a question depends on the seed, the source, the symbol and how often it was asked, and
//! not on the order in which questions arrive.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use tokio::net::TcpListener;
use tokio::time::sleep;

use crate::cents::Cents;
use crate::source::{Source, Symbol};
use crate::wire::{Answer, Answered, Books, Question};

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
        .route("/{source}", post(ask))
        .route("/books", get(books))
        .with_state(server);
    // It lives as long as the program.
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

struct Server {
    seed: u64,
    books: Mutex<Books>,
}

/// The fate of a question.
enum Fate {
    Fast(Duration),
    Slow(Duration),
    Hanging,
    Down,
    Rubbish,
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

    fn fate(&self, source: Source, question: &Question) -> Fate {
        // Some symbols are hard to get a price for, wherever one asks.
        let symbol = question.symbol;
        let is_hard = self.random((symbol, "hard")).u32(0..100) < 20;
        let trouble = if is_hard { 80 } else { 30 };
        let mut random = self.random((source, symbol, question.attempt));
        if random.u32(0..100) < trouble {
            match random.u32(0..100) {
                0..40 => Fate::Down,
                40..70 => Fate::Rubbish,
                _ => Fate::Hanging,
            }
        } else if random.u32(0..100) < 25 {
            Fate::Slow(Duration::from_millis(random.u64(150..400)))
        } else {
            Fate::Fast(Duration::from_millis(random.u64(1..25)))
        }
    }

    /// The price of a symbol is about the same everywhere, and another for each question.
    fn price(&self, source: Source, question: &Question) -> Cents {
        let about = self.random((question.symbol, "price")).u64(1_000..50_000);
        let mut random = self.random((source, question.symbol, question.attempt, "price"));
        Cents(about + random.u64(0..=about / 50))
    }
}

async fn ask(
    State(server): State<Arc<Server>>,
    Path(source): Path<Source>,
    Json(question): Json<Question>,
) -> Response {
    let fate = server.fate(source, &question);
    {
        let mut books = server.books();
        books.asked += 1;
        match fate {
            Fate::Down => books.down += 1,
            Fate::Rubbish => books.rubbish += 1,
            Fate::Hanging => books.hanging += 1,
            Fate::Fast(_) | Fate::Slow(_) => {}
        }
    }
    match fate {
        Fate::Fast(after) | Fate::Slow(after) => sleep(after).await,
        // Until the client hangs up, which drops this.
        Fate::Hanging => std::future::pending().await,
        Fate::Down => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Fate::Rubbish => return server.rubbish(source, question.symbol),
    }
    let price = server.price(source, &question);
    server.books().answered.push(Answered {
        source,
        question,
        price,
    });
    Json(Answer { price }).into_response()
}

impl Server {
    /// Something that is no price.
    fn rubbish(&self, source: Source, symbol: Symbol) -> Response {
        if self.random((source, symbol, "rubbish")).bool() {
            "<html>Service currently unavailable</html>".into_response()
        } else {
            Json(Answer { price: Cents(0) }).into_response()
        }
    }
}

async fn books(State(server): State<Arc<Server>>) -> Json<Books> {
    Json(server.books().clone())
}
