//! The handler is lent the state, and given the output.

use stateway::prelude::*;

workflow! {
    #[derive(Clone)]
    workflow Bill {
        start Draft { number: u32 };
        done Paid;
        split send: Draft -> Paid {
            branch print: u32 with undo(shred);
            branch mail: String with undo(fetch);
            join all;
        }
    }
}

struct Office;

impl BillSteps for Office {
    type Error = ();

    async fn print(&self, draft: &Draft, _: &Branch<Send>) -> Result<u32, ()> {
        Ok(draft.number)
    }

    async fn shred(&self, print: u32, _: &Undo<Send>) -> Result<(), ()> {
        let _ = print;
        Ok(())
    }

    async fn mail(&self, draft: &Draft, _: &Branch<Send>) -> Result<String, ()> {
        Ok(draft.number.to_string())
    }

    async fn send(&self, _: Draft, _: SendJoined, step: &Step<Send>) -> Result<Send, ()> {
        Ok(step.to(Paid))
    }
}

fn main() {}
