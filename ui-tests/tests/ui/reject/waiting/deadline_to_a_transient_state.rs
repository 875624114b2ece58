//! A run that is late is stored where its deadline leads.

use stateway::prelude::*;

workflow! {
    workflow Request {
        start Draft;
        transient state TooLate;
        done Approved;

        deadline 30d -> TooLate;

        step approve: Draft -> Approved;
        step close: TooLate -> Approved;
    }
}

mod literal {
    stateway::workflow! {
        workflow Request {
            start Draft;
            done Approved;
            failed TooLate { days: u32 };
            deadline 30d -> TooLate { days: 30 };
            step approve: Draft -> Approved;
        }
    }
}

mod arrow {
    stateway::workflow! {
        workflow Request {
            start Draft;
            done Approved;
            failed TooLate;
            deadline 30d => TooLate;
            step approve: Draft -> Approved;
        }
    }
}

fn main() {}
