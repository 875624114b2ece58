//! Splits of three branches, one for each strategy, and a context whose branches do what a test
//! tells them. Times are milliseconds of the paused clock.

use std::sync::Mutex;
use std::time::Duration;

use stateway::prelude::*;
use tokio::time::{Instant, sleep};

/// The behaviour of one branch.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Do {
    /// Gives its own name after this time.
    Give(u64),
    Fail(u64),
    Panic(u64),
    Hang,
}

/// The error of a branch: its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} is away")]
pub(crate) struct Away(pub(crate) char);

/// The result of a branch, as the handler that joins saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    Done(char),
    Failed,
    Panicked,
    Cancelled,
}

/// The end of a run, and when.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The branches were joined.
    Joined(u64, Vec<Seen>),
    /// They could not be; this number had succeeded, and these had failed.
    NotJoined(u64, usize, Vec<char>),
    /// The run was cancelled.
    Cancelled(u64),
}

pub(crate) struct Lab {
    script: Vec<Do>,
    log: Mutex<Vec<String>>,
    began: Instant,
    /// Cancels the run.
    pub(crate) token: CancellationToken,
}

impl Lab {
    pub(crate) fn new(script: &[Do]) -> Self {
        Lab {
            script: script.to_vec(),
            log: Mutex::default(),
            began: Instant::now(),
            token: CancellationToken::new(),
        }
    }

    pub(crate) fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).expect("a test is short")
    }

    pub(crate) fn log(&self) -> Vec<String> {
        self.log.lock().expect("nobody holds it").clone()
    }

    pub(crate) fn note(&self, what: &str) {
        let line = format!("{what} at {}", self.now());
        self.log.lock().expect("nobody holds it").push(line);
    }

    pub(crate) async fn branch(&self, name: char) -> Result<char, Away> {
        let _dropped = Noted(self, name);
        let position = usize::from(u8::try_from(name).expect("a letter") - b'a');
        let done = self.script[position];
        match done {
            Do::Give(0) | Do::Fail(0) | Do::Panic(0) => {}
            Do::Give(time) | Do::Fail(time) | Do::Panic(time) => {
                sleep(Duration::from_millis(time)).await;
            }
            Do::Hang => std::future::pending().await,
        }
        match done {
            Do::Give(_) => Ok(name),
            Do::Fail(_) => Err(Away(name)),
            Do::Panic(_) => panic!("{name} slipped"),
            Do::Hang => unreachable!("it hangs"),
        }
    }
}

/// Notes when the future of a branch goes.
struct Noted<'a>(&'a Lab, char);

impl Drop for Noted<'_> {
    fn drop(&mut self) {
        self.0.note(&format!("{} gone", self.1));
    }
}

pub(crate) fn seen<E>(branch: &Branched<char, E>) -> Seen {
    match branch {
        Branched::Done(name) => Seen::Done(*name),
        Branched::Failed(error) if matches!(error.cause(), Cause::Panic(_)) => Seen::Panicked,
        Branched::Failed(_) => Seen::Failed,
        Branched::Cancelled => Seen::Cancelled,
    }
}

/// The end of a run, with its time.
pub(crate) fn end(lab: &Lab, outcome: Result<Vec<Seen>, RunError<Away>>) -> End {
    match outcome {
        Ok(seen) => End::Joined(lab.now(), seen),
        Err(error) => match error.cause() {
            Cause::Join(join) => {
                let name = |failure: &BranchError<Away>| failure.branch().chars().next();
                let failed = join.failures.iter().filter_map(name).collect();
                End::NotJoined(lab.now(), join.succeeded.len(), failed)
            }
            Cause::Cancelled { .. } => End::Cancelled(lab.now()),
            cause => panic!("{cause:?}"),
        },
    }
}

/// A workflow of one split of the branches `a`, `b` and `c`, and a function that runs it.
macro_rules! strategy {
    ($name:ident, $joined:ty, |$join:ident| $seen:expr, $($strategy:tt)*) => {
        pub(crate) mod $name {
            use super::*;

            workflow! {
                pub(crate) workflow Ask {
                    start Asked;
                    done Replied { seen: Vec<Seen> };
                    split ask as Asking: Asked -> Replied {
                        branch a: char;
                        branch b: char;
                        branch c: char;
                        join $($strategy)*;
                    }
                }
            }

            impl AskSteps for Lab {
                type Error = Away;

                async fn a(&self, _: &Asked, _: &Branch<Asking>) -> Result<char, Away> {
                    self.branch('a').await
                }

                async fn b(&self, _: &Asked, _: &Branch<Asking>) -> Result<char, Away> {
                    self.branch('b').await
                }

                async fn c(&self, _: &Asked, _: &Branch<Asking>) -> Result<char, Away> {
                    self.branch('c').await
                }

                async fn ask(
                    &self,
                    _: Asked,
                    $join: $joined,
                    step: &Step<Asking>,
                ) -> Result<Asking, Away> {
                    self.note("joined");
                    Ok(step.to(Replied { seen: $seen }))
                }
            }

            pub(crate) async fn run(lab: &Lab) -> End {
                let run = Ask::start(Asked).run(lab);
                let outcome = run.cancelled_by(lab.token.clone()).await;
                end(lab, outcome.map(|AskEnd::Replied(answered)| answered.seen))
            }
        }
    };
}

macro_rules! all {
    ($name:ident: $($strategy:tt)*) => {
        strategy!($name, AskingJoined, |joined| {
            vec![Seen::Done(joined.a), Seen::Done(joined.b), Seen::Done(joined.c)]
        }, $($strategy)*);
    };
}

macro_rules! any {
    ($name:ident: $($strategy:tt)*) => {
        strategy!($name, AskingJoined, |joined| match joined {
            AskingJoined::A(it) | AskingJoined::B(it) | AskingJoined::C(it) => vec![Seen::Done(it)],
        }, $($strategy)*);
    };
}

macro_rules! some {
    ($name:ident: $($strategy:tt)*) => {
        strategy!($name, AskingJoined<Away>, |joined| {
            vec![seen(&joined.a), seen(&joined.b), seen(&joined.c)]
        }, $($strategy)*);
    };
}

all!(all: all);
any!(any: any);
some!(quorum: quorum(2));
some!(percent: percent(34));
some!(settled: settled);
some!(settled_two: settled(min 2));
all!(all_within: all within 25ms);
any!(any_within: any within 25ms);
some!(quorum_within: quorum(2) within 25ms);
some!(percent_within: percent(34) within 25ms);
some!(settled_within: settled within 25ms);
some!(settled_two_within: settled(min 2) within 25ms);
