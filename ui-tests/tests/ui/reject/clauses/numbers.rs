//! Numbers and durations that are written otherwise.

mod constant {
    stateway::workflow! {
        #[derive(Clone)]
        workflow Order {
            start Placed;
            state Held;
            done Shipped;
            step hold: Placed -> Held with timeout(LIMIT);
            step ship: Held -> Shipped;
        }
    }
}

mod space {
    stateway::workflow! {
        #[derive(Clone)]
        workflow Order {
            start Placed;
            state Held;
            done Shipped;
            step hold: Placed -> Held with timeout(1h 30m);
            step ship: Held -> Shipped;
        }
    }
}

mod no_last_unit {
    stateway::workflow! {
        #[derive(Clone)]
        workflow Order {
            start Placed;
            state Held;
            done Shipped;
            step hold: Placed -> Held with timeout(1m30);
            step ship: Held -> Shipped;
        }
    }
}

mod no_unit {
    stateway::workflow! {
        #[derive(Clone)]
        workflow Order {
            start Placed;
            state Held;
            done Shipped;
            step hold: Placed -> Held with timeout(30);
            step ship: Held -> Shipped;
        }
    }
}

mod large {
    stateway::workflow! {
        #[derive(Clone)]
        workflow Order {
            start Placed;
            state Held;
            done Shipped;
            step hold: Placed -> Held with retry(5000000000);
            step ship: Held -> Shipped;
        }
    }
}

mod attempts {
    stateway::workflow! {
        #[derive(Clone)]
        workflow Order {
            start Placed;
            state Held;
            done Shipped;
            step hold: Placed -> Held with retry(MAX);
            step ship: Held -> Shipped;
        }
    }
}

mod named {
    stateway::workflow! {
        #[derive(Clone)]
        workflow Order {
            start Placed;
            state Held;
            done Shipped;
            step hold: Placed -> Held with retry(max: 5);
            step ship: Held -> Shipped;
        }
    }
}

mod order {
    stateway::workflow! {
        #[derive(Clone)]
        workflow Order {
            start Placed;
            state Held;
            done Shipped;
            step hold: Placed -> Held with retry(backoff 1s..2s);
            step ship: Held -> Shipped;
        }
    }
}

mod range {
    stateway::workflow! {
        #[derive(Clone)]
        workflow Order {
            start Placed;
            state Held;
            done Shipped;
            step hold: Placed -> Held with retry(5, backoff 1s to 2s);
            step ship: Held -> Shipped;
        }
    }
}

mod jitter {
    stateway::workflow! {
        #[derive(Clone)]
        workflow Order {
            start Placed;
            state Held;
            done Shipped;
            step hold: Placed -> Held with retry(5, jitter);
            step ship: Held -> Shipped;
        }
    }
}

fn main() {}
