//! Clauses that are separated, or written, otherwise.

mod braces {
    stateway::workflow! {
        #[derive(Clone)]
        workflow Order {
            start Placed;
            state Held;
            done Shipped;
            step hold: Placed -> Held { retry(3) };
            step ship: Held -> Shipped;
        }
    }
}

mod words {
    stateway::workflow! {
        #[derive(Clone)]
        workflow Order {
            start Placed;
            state Held;
            done Shipped;
            step hold: Placed -> Held with retry(3) and timeout(2s);
            step ship: Held -> Shipped;
        }
    }
}

mod plus {
    stateway::workflow! {
        #[derive(Clone)]
        workflow Order {
            start Placed;
            state Held;
            done Shipped;
            step hold: Placed -> Held with retry(3) + timeout(2s);
            step ship: Held -> Shipped;
        }
    }
}

mod comma {
    stateway::workflow! {
        #[derive(Clone)]
        workflow Order {
            start Placed;
            state Held;
            done Shipped;
            step hold: Placed -> Held with retry(3) timeout(2s);
            step ship: Held -> Shipped;
        }
    }
}

mod no_with {
    stateway::workflow! {
        #[derive(Clone)]
        workflow Order {
            start Placed;
            state Held;
            done Shipped;
            step hold: Placed -> Held retry(3), timeout(2s);
            step ship: Held -> Shipped;
        }
    }
}

mod with_again {
    stateway::workflow! {
        #[derive(Clone)]
        workflow Order {
            start Placed;
            state Held;
            done Shipped;
            step hold: Placed -> Held with retry(3), with timeout(2s);
            step ship: Held -> Shipped;
        }
    }
}

mod misspelt {
    stateway::workflow! {
        #[derive(Clone)]
        workflow Order {
            start Placed;
            state Held;
            done Shipped;
            step hold: Placed -> Held wiht retry(3);
            step ship: Held -> Shipped;
        }
    }
}

mod behind {
    stateway::workflow! {
        #[derive(Clone)]
        workflow Order {
            start Placed;
            state Held;
            done Shipped;
            step hold: Placed -> Held ; with retry(3);
            step ship: Held -> Shipped;
        }
    }
}

mod alone {
    stateway::workflow! {
        #[derive(Clone)]
        workflow Order {
            start Placed;
            state Held;
            done Shipped;
            step hold: Placed -> Held with backoff(1s..2s);
            step ship: Held -> Shipped;
        }
    }
}

mod equals {
    stateway::workflow! {
        #[derive(Clone)]
        workflow Order {
            start Placed;
            state Held;
            done Shipped;
            step hold: Placed -> Held with timeout = 2s;
            step ship: Held -> Shipped;
        }
    }
}

mod handler {
    stateway::workflow! {
        #[derive(Clone)]
        workflow Order {
            start Placed;
            state Held;
            done Shipped;
            step hold: Placed -> Held with undo(Release);
            step ship: Held -> Shipped;
        }
    }
}

mod breaker {
    stateway::workflow! {
        #[derive(Clone)]
        workflow Order {
            start Placed;
            state Held;
            done Shipped;
            step hold: Placed -> Held with breaker(Bank);
            step ship: Held -> Shipped;
        }
    }
}

fn main() {}
