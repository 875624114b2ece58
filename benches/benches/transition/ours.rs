//! The chain as a Stateway workflow.

use std::convert::Infallible;
use std::hint::black_box;

use stateway::prelude::*;

use crate::chain::chain;

macro_rules! declare {
    ($($step:ident $from:ident $outcome:ident $to:ident;)*) => {
        workflow! {
            pub(crate) workflow Chain {
                start Begin;
                $(state $from { count: u64 };)*
                done S99 { count: u64 };

                step enter as Enter: Begin -> S0;
                $(step $step as $outcome: $from -> $to;)*
            }
        }

        impl ChainSteps for Walk {
            type Error = Infallible;

            async fn enter(&self, _: Begin, step: &Step<Enter>) -> Result<Enter, Infallible> {
                Ok(step.to(S0 { count: 0 }))
            }

            $(async fn $step(&self, from: $from, step: &Step<$outcome>) -> Result<$outcome, Infallible> {
                Ok(step.to($to { count: black_box(from.count + 1) }))
            })*
        }
    };
}

pub(crate) struct Walk;

chain!(declare);

pub(crate) async fn walk() -> u64 {
    match Chain::start(Begin).run(&Walk).await {
        Ok(ChainEnd::S99(end)) => end.count,
        Err(error) => match error.into_cause() {
            Cause::Handler(never) => match never {},
            cause => unreachable!("the chain does not panic: {cause:?}"),
        },
    }
}
