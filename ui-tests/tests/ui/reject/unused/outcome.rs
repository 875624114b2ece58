#![deny(unused_must_use)]

stateway::workflow! {
    workflow Bill {
        start Draft;
        state Sent;
        done Paid;
        step send: Draft -> Sent;
        step pay: Sent -> Paid;
    }
}

use stateway::Step;

struct Desk;

impl BillSteps for Desk {
    type Error = String;

    async fn send(&self, _: Draft, step: &Step<Send>) -> Result<Send, String> {
        Ok(step.to(Sent))
    }

    async fn pay(&self, _: Sent, step: &Step<Pay>) -> Result<Pay, String> {
        step.to(Paid);
        Ok(Pay::Paid(Paid))
    }
}

fn main() {}
