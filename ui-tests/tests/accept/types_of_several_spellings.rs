//! One type under two spellings, in the input and in states that a policy keeps.

use std::sync::Arc;

use stateway::prelude::*;

type Measure = fn(&str) -> usize;

workflow! {
    #[derive(Clone)]
    pub workflow Text {
        input { measure: Arc<dyn Fn(&str) -> usize + std::marker::Send + Sync> }
        start Written { measure: Arc<dyn for<'x> Fn(&'x str) -> usize + std::marker::Send + Sync> };
        state Known { measure: fn(&str) -> usize };
        state Copied { measure: Measure };
        done Filed;
        step learn: Written -> Known with retry(2), undo(unlearn);
        step print: Known -> Copied with retry(2), undo(shred);
        step file: Copied -> Filed with timeout(1s);
    }
}

fn is_send<T: Send>(_: T) {}

pub fn generic<C: TextSteps>(context: &C, text: Text<Written>) {
    is_send(text.run(context));
}

pub fn main() {}
