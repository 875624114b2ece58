use stateway::prelude::*;

workflow! {
    workflow Bill {
        start Draft;
        done Paid;
        signal pay(u64): Draft -> Paid;
    }
}

struct Desk;

impl BillSteps for Desk {
    type Error = String;

    async fn pay(&self, _: Draft, step: &Step<OnPay>) -> Result<OnPay, String> {
        Ok(step.to(Paid))
    }
}

fn main() {}
