//! A run takes as much of the stack as its largest state asks for, however many states there are.
//!
//! Without optimisation, which is how tests are compiled, each variable of a function has room of its own. Each test
//! is a run on a worker of tokio as it is by default, whose stack of 2 MiB would hold 256 of these states.

#![expect(
    clippy::large_futures,
    reason = "their size is what the tests are about"
)]

#[macro_use]
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

macro_rules! declare_halted {
    ($($step:ident $outcome:ident $undo:ident $from:ident $to:ident;)*) => {
        workflow! {
            #[derive(Debug, Clone, PartialEq)]
            pub(super) workflow Halted {
                start Begin { held: super::Large };
                $(state $from { held: super::Large };)*
                done Done { held: super::Large };
                failed Failed { held: super::Large };

                step begin as ToBegin: Begin -> S0;
                $(step $step as $outcome: $from -> $to | Failed;)*
                signal halt interrupts Begin $(| $from)* -> Done;
            }
        }

        impl HaltedSteps for super::Walk {
            type Error = String;

            async fn begin(&self, _: Begin, step: &Step<ToBegin>) -> Result<ToBegin, String> {
                Ok(step.to(S0 { held: super::large() }))
            }

            async fn halt(&self, from: HaltFrom, step: &Step<OnHalt>) -> Result<OnHalt, String> {
                let HaltFrom::S50(S50 { held }) = from else {
                    panic!("it waits in one state alone")
                };
                Ok(step.to(Done { held }))
            }

            $(
                async fn $step(&self, from: $from, step: &Step<$outcome>) -> Result<$outcome, String> {
                    if stringify!($from) == "S50" {
                        std::future::pending::<()>().await;
                    }
                    Ok(step.to($to { held: from.held }))
                }
            )*
        }
    };
}

/// Steps that a signal may interrupt.
mod halted {
    use stateway::prelude::*;

    hundred!(declare_halted);
}

macro_rules! declare_made {
    ($($step:ident $outcome:ident $undo:ident $from:ident $to:ident;)*) => {
        workflow! {
            #[derive(Debug, Clone, PartialEq)]
            pub(super) workflow Made {
                input { fails: bool, held: super::Large }
                start Begin { held: super::Large };
                $(state $from { held: super::Large };)*
                done Done { held: super::Large };
                done Late { was: &'static str, held: super::Large };
                done GivenUp { was: &'static str, held: super::Large };

                deadline 1s -> Late;

                step begin as ToBegin: Begin -> S0;
                $(step $step as $outcome: $from -> $to | GivenUp with else GivenUp;)*
            }
        }

        impl From<AnyMade> for Late {
            fn from(made: AnyMade) -> Self {
                Late { was: made.state().name, held: super::large() }
            }
        }

        impl From<AnyMade> for GivenUp {
            fn from(made: AnyMade) -> Self {
                GivenUp { was: made.state().name, held: super::large() }
            }
        }

        impl MadeSteps for super::Walk {
            type Error = String;

            async fn begin(&self, _: Begin, step: &Step<ToBegin>) -> Result<ToBegin, String> {
                Ok(step.to(S0 { held: super::large() }))
            }

            $(
                async fn $step(&self, from: $from, step: &Step<$outcome>) -> Result<$outcome, String> {
                    if stringify!($from) == "S50" {
                        if step.input().fails {
                            return Err("no".into());
                        }
                        std::future::pending::<()>().await;
                    }
                    Ok(step.to($to { held: from.held }))
                }
            )*
        }
    };
}

/// States that are made of the machine, by the deadline and by `else`.
mod made {
    use stateway::prelude::*;

    hundred!(declare_made);
}

macro_rules! declare_wide {
    ($first:ident $($target:ident)*) => {
        workflow! {
            pub(super) workflow Wide {
                start Begin { held: super::Large };
                done $first { held: super::Large };
                $(done $target { held: super::Large };)*
                step choose: Begin -> $first $(| $target)*;
            }
        }

        impl WideSteps for super::Walk {
            type Error = String;

            async fn choose(&self, begin: Begin, step: &Step<Choose>) -> Result<Choose, String> {
                Ok(step.to($first { held: begin.held }))
            }
        }

        /// The data at the end of a run.
        pub(super) fn held(end: WideEnd) -> super::Large {
            match end {
                WideEnd::$first(end) => end.held,
                $(WideEnd::$target(end) => end.held,)*
            }
        }
    };
}

/// A step that leads to many states.
mod wide {
    use stateway::prelude::*;

    declare_wide! {
        W0 W1 W2 W3 W4 W5 W6 W7 W8 W9 W10 W11 W12 W13 W14 W15 W16 W17 W18 W19 W20 W21 W22 W23 W24 W25 W26 W27 W28 W29 W30 W31 W32 W33 W34 W35 W36 W37 W38 W39
    }
}

macro_rules! declare_split {
    ($($branch:ident)*) => {
        workflow! {
            #[derive(Clone)]
            pub(super) workflow Ask {
                start Asked { held: super::Large };
                done Replied { held: super::Large };
                split ask as Asking: Asked -> Replied {
                    $(branch $branch: u8 with retry(2), timeout(1m);)*
                    join all;
                }
            }
        }

        impl AskSteps for super::Walk {
            type Error = String;

            $(async fn $branch(&self, asked: &Asked, _: &Branch<Asking>) -> Result<u8, String> {
                let copy = asked.held;
                tokio::task::yield_now().await;
                Ok(copy.into())
            })*

            async fn ask(&self, asked: Asked, joined: AskingJoined, step: &Step<Asking>) -> Result<Asking, String> {
                $(assert_eq!(joined.$branch, 7);)*
                Ok(step.to(Replied { held: asked.held }))
            }
        }
    };
}

/// Branches that hold a state each.
mod split {
    use stateway::prelude::*;

    declare_split! {
        b0 b1 b2 b3 b4 b5 b6 b7 b8 b9 b10 b11 b12 b13 b14 b15
    }
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
            let runner = Runner::<Chain>::builder(Walk).store(MemoryStore::new());
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

#[test]
fn a_signal_that_interrupts_each_of_a_hundred_large_states_fits_a_worker() {
    on_a_worker(async {
        let mut run = halted::Halted::start(halted::Begin { held: large() }).run(&Walk);
        let remote = run.remote();
        let halts = async {
            // The run is in the state that it waits in once it was polled.
            tokio::task::yield_now().await;
            halted::HaltedSignals::halt(&remote).await.unwrap();
        };
        let (end, ()) = tokio::join!(run, halts);
        assert!(matches!(end, Ok(halted::HaltedEnd::Done(_))));
    });
}

#[test]
fn a_state_that_is_made_of_one_of_a_hundred_large_states_fits_a_worker() {
    for fails in [false, true] {
        let held = large();
        let input = made::MadeInput { fails, held };
        let end = on_a_worker(async move {
            let held = large();
            made::Made::start(input, made::Begin { held })
                .run(&Walk)
                .await
        });
        match end {
            Ok(made::MadeEnd::Late(late)) => assert!(!fails && late.was == "S50"),
            Ok(made::MadeEnd::GivenUp(end)) => assert!(fails && end.was == "S50"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_step_that_leads_to_one_of_many_large_states_fits_a_worker() {
    on_a_worker(async {
        let run = wide::Wide::start(wide::Begin { held: large() }).run(&Walk);
        assert_eq!(wide::held(run.await.unwrap()), large());
    });
}

#[test]
fn a_split_of_many_large_branches_fits_a_worker() {
    on_a_worker(async {
        let run = split::Ask::start(split::Asked { held: large() }).run(&Walk);
        let split::AskEnd::Replied(end) = run.await.unwrap();
        assert_eq!(end.held, large());
    });
}
