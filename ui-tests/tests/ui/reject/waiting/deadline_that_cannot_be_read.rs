mod no_arrow {
    stateway::workflow! {
        workflow Request {
            start Draft;
            done Approved;
            failed TooLate;

            deadline 30d TooLate;

            step approve: Draft -> Approved;
        }
    }
}

mod another_arrow {
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

mod a_colon {
    stateway::workflow! {
        workflow Request {
            start Draft;
            done Approved;
            failed TooLate;

            deadline 30d: TooLate;

            step approve: Draft -> Approved;
        }
    }
}

mod no_time {
    stateway::workflow! {
        workflow Request {
            start Draft;
            done Approved;
            failed TooLate;

            deadline -> TooLate;

            step approve: Draft -> Approved;
        }
    }
}

mod no_state {
    stateway::workflow! {
        workflow Request {
            start Draft;
            done Approved;
            failed TooLate;

            deadline 30d -> ;

            step approve: Draft -> Approved;
        }
    }
}

mod nothing {
    stateway::workflow! {
        workflow Request {
            start Draft;
            done Approved;
            failed TooLate;

            deadline 0s -> TooLate;

            step approve: Draft -> Approved;
        }
    }
}

mod parentheses {
    stateway::workflow! {
        workflow Request {
            start Draft;
            done Approved;
            failed TooLate;

            deadline(30d) -> TooLate;

            step approve: Draft -> Approved;
        }
    }
}

mod twice {
    stateway::workflow! {
        workflow Request {
            start Draft;
            done Approved;
            failed TooLate;

            deadline 30d; deadline 40d -> TooLate;

            step approve: Draft -> Approved;
        }
    }
}

mod attributes {
    stateway::workflow! {
        workflow Request {
            start Draft;
            done Approved;
            failed TooLate;

            #[deprecated] deadline 30d -> TooLate;

            step approve: Draft -> Approved;
        }
    }
}

fn main() {}
