//! The program's report, and whether the books balance.

use std::error::Error as _;
use std::fmt;

use stateway::RunError;

use crate::client::Call;
use crate::kind::Kind;
use crate::trip::TripEnd;
use crate::wire::Balance;

/// The end of one trip, and what was undone on the way.
pub(crate) struct Outcome {
    pub(crate) number: u32,
    pub(crate) end: Result<TripEnd, RunError<Call>>,
    pub(crate) undone: Vec<String>,
}

/// All trips, and the server's books after them.
pub(crate) struct Report {
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) books: Balance,
}

impl Report {
    /// Returns true if the server holds a booking of each kind for each trip that was booked, no other, and
    /// no trip is stuck.
    pub(crate) fn balances(&self) -> bool {
        self.stuck() == 0
            && Kind::ALL
                .into_iter()
                .all(|kind| self.held(kind) == self.booked())
    }

    /// The bookings that the server holds.
    fn held(&self, kind: Kind) -> usize {
        self.books
            .booked
            .get(&kind)
            .map_or(0, |count| *count as usize)
    }

    fn booked(&self) -> usize {
        let booked = |outcome: &&Outcome| matches!(outcome.end, Ok(TripEnd::Booked(_)));
        self.outcomes.iter().filter(booked).count()
    }

    fn stuck(&self) -> usize {
        self.outcomes.iter().filter(|it| it.end.is_err()).count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for outcome in &self.outcomes {
            writeln!(f, "{outcome}")?;
        }
        let (booked, stuck) = (self.booked(), self.stuck());
        let given_up = self.outcomes.len() - booked - stuck;
        let undone: usize = self.outcomes.iter().map(|it| it.undone.len()).sum();
        writeln!(
            f,
            "\n{booked} trips booked, {given_up} given up with {undone} bookings undone, {stuck} stuck"
        )?;
        for kind in Kind::ALL {
            let held = self.held(kind);
            writeln!(f, "{kind}s: {held} at the server, {booked} in our books")?;
        }
        let (failed, cancelled) = (self.books.failed, self.books.cancelled);
        writeln!(
            f,
            "the server failed {failed} requests and cancelled {cancelled} bookings, some of which it had never confirmed"
        )?;
        let verdict = if self.balances() {
            "balance"
        } else {
            "do not balance"
        };
        writeln!(f, "the books {verdict}")
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "trip {}: ", self.number)?;
        match &self.end {
            Ok(TripEnd::Booked(it)) => {
                let (flight, hotel, car) = (it.flight, it.hotel, it.car);
                write!(f, "flight {flight}, hotel {hotel}, car {car}")?;
            }
            Ok(TripEnd::Unavailable(it)) => write!(f, "no {} to be had", it.what)?,
            Err(error) => {
                write!(f, "{error}")?;
                let mut source = error.source();
                while let Some(cause) = source {
                    write!(f, ": {cause}")?;
                    source = cause.source();
                }
            }
        }
        if !self.undone.is_empty() {
            write!(f, "; undone: {}", self.undone.join(", "))?;
        }
        Ok(())
    }
}
