use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(2);

macro_rules! bill {
    ($name:ident: $($clauses:tt)*) => {
        mod $name {
            use super::*;

            stateway::workflow! {
                #[derive(Clone)]
                workflow Bill {
                    input { tries: u32 }
                    start Draft { limit: Duration };
                    done Paid;
                    step pay: Draft -> Paid with $($clauses)*;
                }
            }
        }
    };
}

bill!(of_self: timeout(self.limit));
bill!(of_the_state: timeout(draft.limit));
bill!(called: timeout(limit.min(LIMIT)));
bill!(a_constant: timeout(LIMIT));
bill!(made: timeout(Duration::from_secs(2)));
bill!(all_of_the_input: retry(input));
bill!(reckoned: retry(input.tries + 1));
bill!(named: retry(attempts: 3));
bill!(open: retry(input.tries, backoff limit));

stateway::workflow! {
    workflow Late {
        input { patience: Duration }
        start Draft;
        done Paid;
        deadline input.patience;
        step pay: Draft -> Paid;
    }
}

fn main() {}
