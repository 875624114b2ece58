//! The handler is given what was done, or what may have been.

use stateway::prelude::*;

workflow! {
    #[derive(Clone)]
    workflow Bill {
        start Draft { number: u32 };
        state Sent { letter: u32 };
        done Paid;
        step send: Draft -> Sent with undo(recall, in doubt);
        step pay: Sent -> Paid;
    }
}

struct Office;

impl BillSteps for Office {
    type Error = ();

    async fn send(&self, draft: Draft, step: &Step<Send>) -> Result<Send, ()> {
        Ok(step.to(Sent { letter: draft.number }))
    }

    async fn recall(&self, sent: Sent, _: &Undo<Send>) -> Result<(), ()> {
        let _ = sent.letter;
        Ok(())
    }

    async fn pay(&self, _: Sent, step: &Step<Pay>) -> Result<Pay, ()> {
        Ok(step.to(Paid))
    }
}

fn main() {}
