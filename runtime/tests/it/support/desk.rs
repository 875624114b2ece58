//! A context whose handlers do what a test tells them, and remember that they were called.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Mutex;

use stateway::{CancellationToken, Cause};

/// The error of a handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Oops {
    #[error("the other side is down")]
    Down,
    #[error("the other side is busy for {seconds} s")]
    Busy { seconds: u64 },
    #[error("the request is wrong")]
    Final,
}

/// The behaviour of one call of a handler.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    Fail(Oops),
    Panic,
    /// Waits for ever.
    Hang,
    /// Fires the desk's token and succeeds.
    Cancel,
    /// Fires the desk's token and fails.
    CancelAndFail(Oops),
    /// Fires the desk's token and waits for ever.
    Terminate,
}

#[derive(Default)]
pub(crate) struct Desk {
    script: Mutex<HashMap<&'static str, VecDeque<Act>>>,
    rejects: HashSet<&'static str>,
    calls: Mutex<Vec<String>>,
    causes: Mutex<Vec<Cause<Oops>>>,
    pub(crate) token: CancellationToken,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Desk::default()
    }

    /// The next call of `handler` that nothing was said about does this.
    pub(crate) fn then(self, handler: &'static str, act: Act) -> Self {
        let mut script = self.script.lock().expect("no handler holds it");
        script.entry(handler).or_default().push_back(act);
        drop(script);
        self
    }

    pub(crate) fn rejecting(mut self, handler: &'static str) -> Self {
        self.rejects.insert(handler);
        self
    }

    pub(crate) fn rejects(&self, handler: &str) -> bool {
        self.rejects.contains(handler)
    }

    pub(crate) fn calls(&self) -> Vec<String> {
        self.calls.lock().expect("no handler holds it").clone()
    }

    /// A `catch` was asked about this.
    pub(crate) fn see(&self, cause: Cause<Oops>) {
        self.causes.lock().expect("no handler holds it").push(cause);
    }

    /// The causes that a `catch` was asked about.
    pub(crate) fn seen(&self) -> Vec<Cause<Oops>> {
        self.causes.lock().expect("no handler holds it").clone()
    }

    fn note(&self, call: String) {
        self.calls.lock().expect("no handler holds it").push(call);
    }

    pub(crate) async fn act(&self, handler: &'static str) -> Result<(), Oops> {
        self.note(handler.to_owned());
        let act = {
            let mut script = self.script.lock().expect("no handler holds it");
            script.get_mut(handler).and_then(VecDeque::pop_front)
        };
        match act {
            None => Ok(()),
            Some(Act::Fail(error)) => Err(error),
            Some(Act::Panic) => panic!("no parcel"),
            Some(Act::Hang) => self.hang(handler).await,
            Some(Act::Cancel) => {
                self.token.cancel();
                // A run that would be interrupted is interrupted here.
                tokio::task::yield_now().await;
                Ok(())
            }
            Some(Act::CancelAndFail(error)) => {
                self.token.cancel();
                tokio::task::yield_now().await;
                Err(error)
            }
            Some(Act::Terminate) => {
                self.token.cancel();
                self.hang(handler).await
            }
        }
    }

    async fn hang(&self, handler: &'static str) -> Result<(), Oops> {
        let _dropped = Dropped(self, handler);
        std::future::pending().await
    }
}

/// Notes that a handler was dropped where it waited.
struct Dropped<'a>(&'a Desk, &'static str);

impl Drop for Dropped<'_> {
    fn drop(&mut self) {
        self.0.note(format!("{} dropped", self.1));
    }
}
