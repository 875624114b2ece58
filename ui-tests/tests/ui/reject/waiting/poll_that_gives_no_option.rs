use stateway::prelude::*;

workflow! {
    workflow Payment {
        start Sent;
        done Settled;

        poll settle every 5s: Sent -> Settled;
    }
}

struct Bank;

impl PaymentSteps for Bank {
    type Error = String;

    async fn settle(&self, _: &Sent, step: &Step<OnSettle>) -> Result<OnSettle, String> {
        Ok(step.to(Settled))
    }
}

fn main() {}
