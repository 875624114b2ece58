//! The chain as someone would write it without a library: an enum, a loop and a `match` over
//! asynchronous methods.

use std::convert::Infallible;
use std::hint::black_box;

use crate::chain::chain;

macro_rules! declare {
    ($($step:ident $from:ident $outcome:ident $to:ident;)*) => {
        enum State {
            $($from(u64),)*
            S99(u64),
        }

        impl Walk {
            $(async fn $step(&self, count: u64) -> Result<State, Infallible> {
                Ok(State::$to(black_box(count + 1)))
            })*

            async fn run(&self) -> Result<u64, Infallible> {
                let mut state = State::S0(0);
                loop {
                    state = match state {
                        $(State::$from(count) => self.$step(count).await?,)*
                        State::S99(count) => return Ok(count),
                    };
                }
            }
        }
    };
}

struct Walk;

chain!(declare);

pub(crate) async fn walk() -> u64 {
    match Walk.run().await {
        Ok(count) => count,
        Err(never) => match never {},
    }
}
