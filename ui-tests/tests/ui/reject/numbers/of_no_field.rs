use std::time::Duration;

mod misspelt {
    use super::*;

    stateway::workflow! {
        #[derive(Clone)]
        workflow Bill {
            input { tries: u32 }
            start Draft { limit: Duration };
            done Paid;
            step pay: Draft -> Paid with timeout(limt), retry(input.trys);
        }
    }
}

mod elsewhere {
    use super::*;

    stateway::workflow! {
        #[derive(Clone)]
        workflow Bill {
            input { tries: u32, window: u32 }
            start Draft { limit: Duration, lines: Vec<u32> };
            done Paid;
            split pay: Draft -> Paid {
                each line in lines: u32 => u32, at most window;
                join settled within input.limit;
            }
        }
    }
}

mod nowhere {
    stateway::workflow! {
        #[derive(Clone)]
        workflow Bill {
            start Draft;
            state Checked { lines: u32 };
            done Paid;
            step check: Draft -> Checked with retry(times);
            step pay: Checked -> Paid with deadline(input.patience), timeout(slow);
        }
    }
}

/// Each of several states has to have it.
mod of_one_state {
    use super::*;

    stateway::workflow! {
        #[derive(Clone)]
        workflow Bill {
            start Draft { limit: Duration };
            start Copied { lines: u32 };
            group Open { until: Duration } {
                state Checked { slow: Duration };
                state Weighed;
            }
            done Paid;
            step check: Draft | Copied -> Checked | Weighed with timeout(limit);
            step pay: Open -> Paid with timeout(until), deadline(slow);
        }
    }
}

/// An undo has the state that its transition led to.
mod of_the_source {
    stateway::workflow! {
        #[derive(Clone)]
        workflow Bill {
            start Draft { tries: u32 };
            state Checked;
            done Paid;
            step check: Draft -> Checked with undo(uncheck, retry(tries));
            step pay: Checked -> Paid;
        }
    }
}

fn main() {}
