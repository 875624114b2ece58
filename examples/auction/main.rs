//! Lots that are bid for at the same time, each a run in memory: bids are answered, and the hammer is a timer that each bid puts off.
//!
//! ```sh
//! cargo run --example auction -- --seed 7 --lots 3 --bidders 5
//! ```
//!
//! The books balance at the end: each lot is sold to the last bidder, for the last bid.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use stateway::Remote;
use stateway::prelude::*;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// Why a bid is refused.
#[derive(Debug, Clone, PartialEq)]
enum Refused {
    /// It has to be above this.
    TooLow { highest: u32 },
    /// The lot is theirs already.
    Yours,
}

#[derive(Debug, Clone)]
struct Bid {
    bidder: usize,
    price: u32,
}

workflow! {
    /// A lot, from its call to the hammer.
    #[derive(Debug, Clone)]
    workflow Lot {
        input { number: usize, reserve: u32 }

        start Called { best: Option<Bid>, falls: SystemTime };
        done  Sold { to: usize, price: u32 };
        done  Unsold;

        signal bid(Bid) answers Result<(), Refused>: Called;
        /// Some time after the last bid, which has put it off.
        timer  hammer at falls: Called -> Sold | Unsold;
        /// However many bids there are.
        timer  close after 1m: Called -> Sold | Unsold;
    }
}

/// Writes down what is bid.
#[derive(Default)]
struct House {
    book: Mutex<Vec<(usize, Bid)>>,
}

/// The time at which the hammer falls unless somebody bids.
fn falls() -> SystemTime {
    SystemTime::now() + Duration::from_millis(250)
}

impl LotSteps for House {
    type Error = std::convert::Infallible;

    async fn bid(
        &self,
        called: &mut Called,
        bid: Bid,
        step: &Step<OnBid>,
    ) -> Result<Result<(), Refused>, Self::Error> {
        let highest = match &called.best {
            Some(best) if best.bidder == bid.bidder => return Ok(Err(Refused::Yours)),
            Some(best) => best.price,
            None => step.input().reserve,
        };
        if bid.price <= highest {
            return Ok(Err(Refused::TooLow { highest }));
        }
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        book.push((step.input().number, bid.clone()));
        called.best = Some(bid);
        called.falls = falls();
        Ok(Ok(()))
    }

    async fn hammer(&self, called: Called, step: &Step<OnHammer>) -> Result<OnHammer, Self::Error> {
        Ok(match called.best {
            Some(Bid { bidder: to, price }) => step.to(Sold { to, price }),
            None => step.to(Unsold),
        })
    }

    async fn close(&self, called: Called, step: &Step<OnClose>) -> Result<OnClose, Self::Error> {
        Ok(match called.best {
            Some(Bid { bidder: to, price }) => step.to(Sold { to, price }),
            None => step.to(Unsold),
        })
    }
}

struct Options {
    seed: u64,
    lots: usize,
    bidders: usize,
}

fn options() -> Result<Options, Box<dyn Error>> {
    let mut options = Options {
        seed: 7,
        lots: 3,
        bidders: 5,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let value = arguments
            .next()
            .ok_or(format!("`{argument}` takes a value"))?;
        match &*argument {
            "--seed" => options.seed = value.parse()?,
            "--lots" => options.lots = value.parse()?,
            "--bidders" => options.bidders = value.parse()?,
            _ => return Err(format!("there is no `{argument}`: see the head of `main.rs`").into()),
        }
    }
    Ok(options)
}

/// Bids for a lot until it costs more than it is worth to this bidder, or is gone.
async fn bids(lot: Remote<Lot>, bidder: usize, worth: u32, mut dice: fastrand::Rng) {
    let mut price = 1;
    while price <= worth {
        sleep(Duration::from_millis(dice.u64(..40))).await;
        match lot.bid(Bid { bidder, price }).answered().await {
            Err(_) => return,
            Ok(Ok(()) | Err(Refused::Yours)) => {}
            Ok(Err(Refused::TooLow { highest })) => price = highest + dice.u32(1..20),
        }
    }
}

/// Calls one lot, and waits for the hammer.
async fn auction(
    house: Arc<House>,
    number: usize,
    bidders: usize,
    mut dice: fastrand::Rng,
) -> Result<(usize, LotEnd), RunError<std::convert::Infallible>> {
    let reserve = dice.u32(50..150);
    let called = Called {
        best: None,
        falls: falls(),
    };
    let mut run = Lot::start(LotInput { number, reserve }, called).run(&*house);
    let remote = run.remote();
    let mut bidding = JoinSet::new();
    for bidder in 0..bidders {
        let worth = dice.u32(..400);
        bidding.spawn(bids(remote.clone(), bidder, worth, dice.fork()));
    }
    Ok((number, run.await?))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let Options {
        seed,
        lots,
        bidders,
    } = options()?;
    let mut dice = fastrand::Rng::with_seed(seed);
    let house = Arc::new(House::default());
    let mut called = JoinSet::new();
    for number in 0..lots {
        called.spawn(auction(Arc::clone(&house), number, bidders, dice.fork()));
    }
    let mut ends = Vec::new();
    while let Some(end) = called.join_next().await {
        ends.push(end??);
    }
    ends.sort_by_key(|(number, _)| *number);
    let book = house.book.lock().unwrap_or_else(PoisonError::into_inner);
    for (number, end) in ends {
        let last = book.iter().rev().find(|(lot, _)| *lot == number);
        match (end, last) {
            (LotEnd::Sold(Sold { to, price }), Some((_, bid)))
                if (bid.bidder, bid.price) == (to, price) =>
            {
                println!("lot {number}: to bidder {to} for {price}");
            }
            (LotEnd::Unsold(Unsold), None) => println!("lot {number}: not sold"),
            (end, bid) => return Err(format!("lot {number}: {end:?} after {bid:?}").into()),
        }
    }
    println!("{} bids were taken, and the books balance", book.len());
    Ok(())
}
