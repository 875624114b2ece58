//! A run takes as much of the stack as its largest state asks for, however many states there are.
//!
//! Without optimisation, which is how tests are compiled, each variable of a function has room of its own. Each test
//! is a run on a worker of tokio as it is by default, whose stack of 2 MiB would hold 256 of these states.

#[macro_use]
#[path = "support/hundred.rs"]
mod hundred;

use serde::{Deserialize, Serialize};
use stateway::MemoryStore;
use stateway::prelude::*;

/// 8 KiB, all of one number, which is what is stored.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(into = "u8", from = "u8")]
struct Large([u8; 8192]);

impl From<u8> for Large {
    fn from(byte: u8) -> Self {
        Large([byte; 8192])
    }
}

impl From<Large> for u8 {
    fn from(large: Large) -> Self {
        large.0[0]
    }
}

fn large() -> Large {
    Large::from(7)
}

/// Runs on a worker thread.
fn on_a_worker<T: Send + 'static>(run: impl Future<Output = T> + Send + 'static) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(runtime.spawn(run)).unwrap()
}

macro_rules! declare {
    ($($step:ident $outcome:ident $undo:ident $from:ident $to:ident;)*) => {
        workflow! {
            #[durable(version = 1)]
            #[derive(Debug, Clone, PartialEq)]
            pub(super) workflow Chain {
                input { held: super::Large, fails: bool }
                start Begin { held: super::Large };
                $(state $from { held: super::Large };)*
                done Done { held: super::Large };
                failed Failed { held: super::Large };

                step begin as ToBegin: Begin -> S0;
                $(step $step as $outcome: $from -> $to | Failed with retry(2), timeout(1m), undo($to => $undo);)*
            }
        }

        impl ChainSteps for super::Walk {
            type Error = String;

            async fn begin(&self, _: Begin, step: &Step<ToBegin>) -> Result<ToBegin, String> {
                Ok(step.to(S0 { held: super::large() }))
            }

            $(
                async fn $step(&self, from: $from, step: &Step<$outcome>) -> Result<$outcome, String> {
                    if stringify!($to) == "Done" && step.input().fails {
                        return Ok(step.to(Failed { held: from.held }));
                    }
                    Ok(step.to($to { held: from.held }))
                }

                async fn $undo(&self, to: $to, _: &Undo<$outcome>) -> Result<(), String> {
                    assert_eq!(to.held, super::large());
                    Ok(())
                }
            )*
        }
    };
}

#[derive(Clone)]
struct Walk;

mod chain {
    use stateway::prelude::*;

    hundred!(declare);
}

use chain::{AnyChain, Begin, Chain, ChainEnd, ChainInput, S50};

fn input(fails: bool) -> ChainInput {
    ChainInput {
        held: large(),
        fails,
    }
}

#[test]
fn a_run_of_a_hundred_large_states_fits_a_worker() {
    on_a_worker(async {
        let run = Chain::start(input(false), Begin { held: large() }).run(&Walk);
        assert!(matches!(run.await, Ok(ChainEnd::Done(_))));
        let any = AnyChain::from(Chain::start(input(false), Begin { held: large() }));
        assert!(matches!(any.run(&Walk).await, Ok(ChainEnd::Done(_))));
    });
}

#[test]
fn a_rollback_of_a_hundred_large_states_fits_a_worker() {
    on_a_worker(async {
        let run = Chain::start(input(true), Begin { held: large() }).run(&Walk);
        assert!(matches!(run.await, Ok(ChainEnd::Failed(_))));
    });
}

#[test]
fn a_machine_of_a_hundred_large_states_is_widened_and_narrowed_on_a_worker() {
    on_a_worker(async {
        let any = AnyChain::from(Chain::start(input(true), Begin { held: large() }));
        let any = Chain::<S50>::try_from(any).unwrap_err();
        assert_eq!(any.state().name, "Begin");
        assert!(Chain::<Begin>::try_from(any).is_ok());
    });
}

#[test]
fn a_stored_run_of_a_hundred_large_states_fits_a_worker() {
    for fails in [false, true] {
        let end = on_a_worker(async move {
            let runner = Runner::<Chain>::new(Walk).store(MemoryStore::new());
            let runner = runner.launch().await.unwrap();
            let run = runner.start("a", input(fails), Begin { held: large() });
            run.await.unwrap().end().await
        });
        match end {
            Ok(ChainEnd::Done(end)) => assert!(!fails && end.held == large()),
            Ok(ChainEnd::Failed(end)) => assert!(fails && end.held == large()),
            other => panic!("{other:?}"),
        }
    }
}
