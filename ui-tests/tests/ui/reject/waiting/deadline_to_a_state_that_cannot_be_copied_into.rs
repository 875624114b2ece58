//! The state that the deadline leads to is made of the machine, and the run goes on with its input: both are copied.

use stateway::prelude::*;

workflow! {
    workflow Request {
        input { from: String }
        start Draft { text: String };
        done Approved;
        failed TooLate { last: String };

        deadline 30d -> TooLate;

        step approve: Draft -> Approved;
    }
}

impl From<AnyRequest> for TooLate {
    fn from(request: AnyRequest) -> Self {
        TooLate { last: request.state().name.to_owned() }
    }
}

fn main() {}
