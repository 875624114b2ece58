//! Groups that are written otherwise.

mod parentheses {
    stateway::workflow! {
        workflow Order {
            start Placed;
            group Open(since: u64) {
                state Paid;
            }
            done Shipped;
            step pay: Placed -> Paid;
            step ship: Paid -> Shipped;
        }
    }
}

mod generic {
    stateway::workflow! {
        workflow Order {
            start Placed;
            group Open<T> { since: u64 } {
                state Paid;
            }
            done Shipped;
            step pay: Placed -> Paid;
            step ship: Paid -> Shipped;
        }
    }
}

mod nameless {
    stateway::workflow! {
        workflow Order {
            start Placed;
            group { since: u64 } {
                state Paid;
            }
            done Shipped;
            step pay: Placed -> Paid;
            step ship: Paid -> Shipped;
        }
    }
}

mod separated {
    stateway::workflow! {
        workflow Order {
            start Placed;
            group Open { since: u64; more: u8 } {
                state Paid;
            }
            done Shipped;
            step pay: Placed -> Paid;
            step ship: Paid -> Shipped;
        }
    }
}

mod typed {
    stateway::workflow! {
        workflow Order {
            start Placed;
            group Open { since: 0 } {
                state Paid;
            }
            done Shipped;
            step pay: Placed -> Paid;
            step ship: Paid -> Shipped;
        }
    }
}

mod semicolon {
    stateway::workflow! {
        workflow Order {
            start Placed;
            group Open { since: u64 }; {
                state Paid;
            }
            done Shipped;
            step pay: Placed -> Paid;
            step ship: Paid -> Shipped;
        }
    }
}

mod colon {
    stateway::workflow! {
        workflow Order {
            start Placed;
            group Open: Data { since: u64 } {
                state Paid;
            }
            done Shipped;
            step pay: Placed -> Paid;
            step ship: Paid -> Shipped;
        }
    }
}

mod member {
    stateway::workflow! {
        workflow Order {
            start Placed;
            group Open { since: u64 } {
                Paid;
            }
            done Shipped;
            step pay: Placed -> Paid;
            step ship: Paid -> Shipped;
        }
    }
}

fn main() {}
