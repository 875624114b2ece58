//! Parts that do not belong to a state.

mod generic {
    stateway::workflow! {
        workflow Order {
            start Placed;
            state Held<T> { hold: u64 };
            done Shipped;
            step hold: Placed -> Held;
            step ship: Held -> Shipped;
        }
    }
}

mod lifetime {
    stateway::workflow! {
        workflow Order {
            start Placed;
            state Held<'a> { hold: u64 };
            done Shipped;
            step hold: Placed -> Held;
            step ship: Held -> Shipped;
        }
    }
}

mod bound {
    stateway::workflow! {
        workflow Order {
            start Placed;
            state Held: Hold;
            done Shipped;
            step hold: Placed -> Held;
            step ship: Held -> Shipped;
        }
    }
}

mod dash {
    stateway::workflow! {
        workflow Order {
            start Placed;
            state Held { hold: u64 };
            done Ship-ped;
            step hold: Placed -> Held;
            step ship: Held -> Shipped;
        }
    }
}

mod public {
    stateway::workflow! {
        workflow Order {
            start Placed;
            pub state Held { hold: u64 };
            done Shipped;
            step hold: Placed -> Held;
            step ship: Held -> Shipped;
        }
    }
}

mod order {
    stateway::workflow! {
        workflow Order {
            start Placed;
            state transient Held { hold: u64 };
            done Shipped;
            step hold: Placed -> Held;
            step ship: Held -> Shipped;
        }
    }
}

mod clauses {
    stateway::workflow! {
        workflow Order {
            start Placed;
            state Held with retry(3);
            done Shipped;
            step hold: Placed -> Held;
            step ship: Held -> Shipped;
        }
    }
}

mod mutable {
    stateway::workflow! {
        workflow Order {
            start Placed;
            state Held { mut hold: u64 };
            done Shipped;
            step hold: Placed -> Held;
            step ship: Held -> Shipped;
        }
    }
}

mod semicolons {
    stateway::workflow! {
        workflow Order {
            start Placed;
            state Held { hold: u64; more: u8 };
            done Shipped;
            step hold: Placed -> Held;
            step ship: Held -> Shipped;
        }
    }
}

mod nameless {
    stateway::workflow! {
        workflow Order {
            start Placed;
            state Held { String };
            done Shipped;
            step hold: Placed -> Held;
            step ship: Held -> Shipped;
        }
    }
}

mod case {
    stateway::workflow! {
        workflow Order {
            start Placed;
            state Held;
            state HELD;
            done Shipped;
            step hold: Placed -> Held | HELD;
            step ship: Held -> Shipped;
            step send: HELD -> Shipped;
        }
    }
}

mod colon {
    stateway::workflow! {
        workflow Order {
            start Placed;
            state: Held { hold: u64 };
            done Shipped;
            step hold: Placed -> Held;
            step ship: Held -> Shipped;
        }
    }
}

mod colon_behind {
    stateway::workflow! {
        workflow Order {
            start Placed;
            state Held: { hold: u64 };
            done Shipped;
            step hold: Placed -> Held;
            step ship: Held -> Shipped;
        }
    }
}

mod parentheses {
    stateway::workflow! {
        workflow Order {
            start Placed;
            state Held(hold: u64);
            done Shipped;
            step hold: Placed -> Held;
            step ship: Held -> Shipped;
        }
    }
}

mod no_keyword {
    stateway::workflow! {
        workflow Order {
            start Placed;
            Held { hold: u64 };
            done Shipped;
            step hold: Placed -> Held;
            step ship: Held -> Shipped;
        }
    }
}

mod two_keywords {
    stateway::workflow! {
        workflow Order {
            start state Placed;
            done Shipped;
            step ship: Placed -> Shipped;
        }
    }
}

fn main() {}
