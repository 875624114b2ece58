//! A step may be called as another would be joined, if that is no split.

use stateway::prelude::*;

workflow! {
    workflow Loan {
        start Applied;
        state Assessed;
        done Joined;
        step assess: Applied -> Assessed;
        step assess_joined: Assessed -> Joined;
    }
}

struct Bank;

impl LoanSteps for Bank {
    type Error = String;

    async fn assess(&self, _: Applied, step: &Step<Assess>) -> Result<Assess, String> {
        Ok(step.to(Assessed))
    }

    async fn assess_joined(
        &self,
        _: Assessed,
        step: &Step<AssessJoined>,
    ) -> Result<AssessJoined, String> {
        Ok(step.to(Joined))
    }
}

pub fn main() {
    drop(Loan::start(Applied).run(&Bank));
}
