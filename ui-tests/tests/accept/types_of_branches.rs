//! Outputs and items of types that are hard on a future that has to be `Send`.
#![deny(missing_docs)]
// rustc finds `dyn Fn(&str)` of a handler to refine the same of its trait: <https://github.com/rust-lang/rust/issues/121718>.
#![allow(refining_impl_trait)]

use std::borrow::Cow;
use std::cell::Cell;
use std::sync::Arc;

use stateway::prelude::*;

/// An object that is called.
pub type Rule = Box<dyn Fn(&str) -> u8 + Send + Sync>;

workflow! {
    /// Everything at once.
    #[derive(Debug)]
    pub workflow Odd {
        /// Rules.
        start Given {
            /// A rule each.
            rules: Vec<fn(&str) -> &str>
        };
        /// On the way.
        state Seen;
        /// There.
        done Done;

        /// Each.
        split each: Given -> Seen {
            /// A rule.
            each paper in rules: fn(&str) -> &str => Box<dyn Fn(&str) -> u8 + Send>, at most 2 with retry(2);
            join all;
        }
        /// Named.
        split name: Seen -> Done {
            /// A rule.
            branch rule: Rule;
            /// The same.
            #[allow(clippy::unused_async)]
            branch same: Box<dyn Fn(&str) -> u8 + Send + Sync> with retry(3);
            branch borrowed: Cow<'static, str> with timeout(1s);
            branch shared: Arc<dyn Fn(&str) -> u8 + Send + Sync> with spawn;
            branch cell: Cell<u8>;
            branch error: Result<&'static str, Box<dyn std::error::Error + Send + Sync>> with spawn, retry(2);
            join settled;
        }
    }
}

/// The context.
pub struct Desk;

impl OddSteps for Desk {
    type Error = Cell<u8>;

    async fn paper(&self, _: &Given, _: &fn(&str) -> &str, _: &Branch<Each>) -> Result<Box<dyn Fn(&str) -> u8 + Send>, Cell<u8>> {
        Ok(Box::new(|text| text.len() as u8))
    }

    async fn each(&self, _: Given, _: EachJoined, step: &Step<Each>) -> Result<Each, Cell<u8>> {
        Ok(step.to(Seen))
    }

    async fn rule(&self, _: &Seen, _: &Branch<Name>) -> Result<Rule, Cell<u8>> {
        Ok(Box::new(|_| 1))
    }

    async fn same(&self, _: &Seen, _: &Branch<Name>) -> Result<Rule, Cell<u8>> {
        Ok(Box::new(|_| 2))
    }

    async fn borrowed(&self, _: &Seen, _: &Branch<Name>) -> Result<Cow<'static, str>, Cell<u8>> {
        Ok("borrowed".into())
    }

    async fn shared(&self, _: &Seen, _: &Branch<Name>) -> Result<Arc<dyn Fn(&str) -> u8 + Send + Sync>, Cell<u8>> {
        Ok(Arc::new(|_| 3))
    }

    async fn cell(&self, _: &Seen, _: &Branch<Name>) -> Result<Cell<u8>, Cell<u8>> {
        Err(Cell::new(4))
    }

    async fn error(&self, _: &Seen, _: &Branch<Name>) -> Result<Result<&'static str, Box<dyn std::error::Error + Send + Sync>>, Cell<u8>> {
        Ok(Ok("error"))
    }

    async fn name(&self, _: Seen, joined: NameJoined<Cell<u8>>, step: &Step<Name>) -> Result<Name, Cell<u8>> {
        assert!(joined.rule.is_done() && !joined.cell.is_done());
        Ok(step.to(Done))
    }
}

/// Runs it.
pub fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_time().build();
    runtime.expect("it starts").block_on(async {
        let given = Given { rules: vec![str::trim] };
        let run = async move { Odd::start(given).run(&Arc::new(Desk)).await };
        let end = tokio::spawn(run).await.expect("it does not panic");
        assert!(matches!(end, Ok(OddEnd::Done(_))));
    });
}
