use stateway::prelude::*;

workflow! {
    workflow Request {
        start Draft { text: String };
        done Approved;

        signal comment(String): Draft;
        signal approve: Draft -> Approved;
    }
}

struct Office;

impl RequestSteps for Office {
    type Error = String;

    async fn comment(&self, draft: Draft, comment: String, step: &Step<OnComment>) -> Result<(), String> {
        drop((draft, comment, step));
        Ok(())
    }

    async fn approve(&self, _: Draft, step: &Step<OnApprove>) -> Result<OnApprove, String> {
        Ok(step.to(Approved))
    }
}

fn main() {}
