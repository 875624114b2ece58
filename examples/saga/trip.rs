//! The process: a flight, a hotel and a car, all of them or none.

use std::sync::Mutex;
use std::time::Duration;

use stateway::prelude::*;

use crate::client::{Call, Client};
use crate::kind::Kind;

workflow! {
    /// A trip: what is booked is cancelled again when a later part cannot be had.
    #[derive(Debug, Clone)]
    pub workflow Trip {
        deadline 2m;

        input { number: u32 }

        start  Wanted;
        state  Flying { flight: u64 };
        state  Lodged { flight: u64, hotel: u64 };
        /// Nobody knows whether this was booked: the server did not answer.
        state  InDoubt { what: Kind };
        done   Booked { flight: u64, hotel: u64, car: u64 };
        failed Unavailable { what: Kind };

        step book_flight: Wanted -> Flying | InDoubt | Unavailable
            with retry(4, backoff 2ms..50ms), limit(quota), catch(doubt_flight),
                undo(Flying => cancel_flight, InDoubt => drop_flight, retry(30, backoff 2ms..50ms));
        step book_hotel: Flying -> Lodged | InDoubt | Unavailable
            with retry(4, backoff 2ms..50ms), limit(quota), catch(doubt_hotel),
                undo(Lodged => cancel_hotel, InDoubt => drop_hotel, retry(30, backoff 2ms..50ms));
        step book_car: Lodged -> Booked | InDoubt | Unavailable
            with retry(4, backoff 2ms..50ms), limit(quota), catch(doubt_car),
                undo(InDoubt => drop_car, retry(30, backoff 2ms..50ms));
        /// The rollback cancels what is in doubt, and then the rest.
        step give_up: InDoubt -> Unavailable;
    }
}

/// One traveller at the desk: the agency's client, and what was undone for this trip.
pub(crate) struct Desk<'a> {
    pub(crate) agency: &'a Agency,
    pub(crate) undone: Mutex<Vec<String>>,
}

/// The context that all trips share.
pub(crate) struct Agency {
    pub(crate) client: Client,
    /// The agency may not flood the server.
    pub(crate) quota: Limiter,
}

impl<'a> Desk<'a> {
    pub(crate) fn new(agency: &'a Agency) -> Self {
        Desk {
            agency,
            undone: Mutex::default(),
        }
    }

    /// Books; `None` where there is nothing left to be had.
    async fn book<T>(&self, what: Kind, step: &Step<T>) -> Result<Option<u64>, Call>
    where
        T: stateway::Transition<Workflow = Trip>,
    {
        let trip = step.input().number;
        self.agency.client.book(what, trip, &step.key()).await
    }

    /// Cancels what was booked under the key of the visit that is undone, if anything was.
    async fn cancel<T>(&self, what: Kind, undo: &Undo<T>) -> Result<(), Call>
    where
        T: stateway::Transition<Workflow = Trip>,
    {
        let trip = undo.input().number;
        self.agency.client.cancel(what, trip, &undo.done()).await
    }

    /// Cancels a booking that is known.
    async fn undo<T>(&self, what: Kind, id: u64, undo: &Undo<T>) -> Result<(), Call>
    where
        T: stateway::Transition<Workflow = Trip>,
    {
        self.cancel(what, undo).await?;
        let mut undone = self.undone.lock().expect("nobody panics holding it");
        undone.push(format!("{what} {id}"));
        Ok(())
    }
}

impl TripSteps for Desk<'_> {
    type Error = Call;

    async fn book_flight(&self, _: Wanted, step: &Step<BookFlight>) -> Result<BookFlight, Call> {
        let what = Kind::Flight;
        Ok(match self.book(what, step).await? {
            Some(flight) => step.to(Flying { flight }),
            None => step.to(Unavailable { what }),
        })
    }

    async fn doubt_flight(
        &self,
        _: Wanted,
        _: Cause<Call>,
        step: &Step<BookFlight>,
    ) -> Result<BookFlight, Call> {
        let what = Kind::Flight;
        Ok(step.to(InDoubt { what }))
    }

    async fn drop_flight(&self, in_doubt: InDoubt, undo: &Undo<BookFlight>) -> Result<(), Call> {
        self.cancel(in_doubt.what, undo).await
    }

    async fn cancel_flight(&self, flying: Flying, undo: &Undo<BookFlight>) -> Result<(), Call> {
        self.undo(Kind::Flight, flying.flight, undo).await
    }

    async fn book_hotel(&self, flying: Flying, step: &Step<BookHotel>) -> Result<BookHotel, Call> {
        let (what, flight) = (Kind::Hotel, flying.flight);
        Ok(match self.book(what, step).await? {
            Some(hotel) => step.to(Lodged { flight, hotel }),
            None => step.to(Unavailable { what }),
        })
    }

    async fn doubt_hotel(
        &self,
        _: Flying,
        _: Cause<Call>,
        step: &Step<BookHotel>,
    ) -> Result<BookHotel, Call> {
        let what = Kind::Hotel;
        Ok(step.to(InDoubt { what }))
    }

    async fn drop_hotel(&self, in_doubt: InDoubt, undo: &Undo<BookHotel>) -> Result<(), Call> {
        self.cancel(in_doubt.what, undo).await
    }

    async fn cancel_hotel(&self, lodged: Lodged, undo: &Undo<BookHotel>) -> Result<(), Call> {
        self.undo(Kind::Hotel, lodged.hotel, undo).await
    }

    async fn book_car(&self, lodged: Lodged, step: &Step<BookCar>) -> Result<BookCar, Call> {
        let what = Kind::Car;
        let Lodged { flight, hotel } = lodged;
        Ok(match self.book(what, step).await? {
            Some(car) => step.to(Booked { flight, hotel, car }),
            None => step.to(Unavailable { what }),
        })
    }

    async fn doubt_car(
        &self,
        _: Lodged,
        _: Cause<Call>,
        step: &Step<BookCar>,
    ) -> Result<BookCar, Call> {
        let what = Kind::Car;
        Ok(step.to(InDoubt { what }))
    }

    async fn drop_car(&self, in_doubt: InDoubt, undo: &Undo<BookCar>) -> Result<(), Call> {
        self.cancel(in_doubt.what, undo).await
    }

    async fn give_up(&self, in_doubt: InDoubt, step: &Step<GiveUp>) -> Result<GiveUp, Call> {
        let what = in_doubt.what;
        Ok(step.to(Unavailable { what }))
    }

    fn quota(&self) -> &Limiter {
        &self.agency.quota
    }

    fn retryable(&self, error: &Call) -> bool {
        !matches!(error, Call::Refused { .. })
    }

    fn retry_after(&self, error: &Call) -> Option<Duration> {
        match error {
            Call::Busy { retry_after } => Some(*retry_after),
            _ => None,
        }
    }
}
