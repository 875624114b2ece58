//! However states are separated, they are read.

mod word {
    stateway::workflow! {
        workflow Order {
            start Placed;
            state Held { hold: u64 };
            done Shipped;
            failed Lost;
            step hold: Placed -> Held or Lost;
            step ship: Held -> Shipped;
        }
    }
}

mod slash {
    stateway::workflow! {
        workflow Order {
            start Placed;
            state Held { hold: u64 };
            done Shipped;
            failed Lost;
            step hold: Placed -> Held / Lost;
            step ship: Held -> Shipped;
        }
    }
}

mod double {
    stateway::workflow! {
        workflow Order {
            start Placed;
            state Held { hold: u64 };
            done Shipped;
            failed Lost;
            step hold: Placed -> Held || Lost;
            step ship: Held -> Shipped;
        }
    }
}

mod group {
    stateway::workflow! {
        workflow Order {
            start Placed;
            state Held { hold: u64 };
            done Shipped;
            failed Lost;
            step hold: Placed -> (Held | Lost);
            step ship: Held -> Shipped;
        }
    }
}

mod brackets {
    stateway::workflow! {
        workflow Order {
            start Placed;
            state Held { hold: u64 };
            done Shipped;
            failed Lost;
            step hold: Placed -> [Held, Lost];
            step ship: Held -> Shipped;
        }
    }
}

mod result {
    stateway::workflow! {
        workflow Order {
            start Placed;
            state Held { hold: u64 };
            done Shipped;
            failed Lost;
            step hold: Placed -> Result<Held, Lost>;
            step ship: Held -> Shipped;
        }
    }
}

mod path {
    stateway::workflow! {
        workflow Order {
            start Placed;
            state Held { hold: u64 };
            done Shipped;
            failed Lost;
            step hold: Placed -> Order::Held | Lost;
            step ship: Held -> Shipped;
        }
    }
}

mod nothing {
    stateway::workflow! {
        workflow Order {
            start Placed;
            state Held { hold: u64 };
            done Shipped;
            failed Lost;
            step hold: Placed -> Held Lost;
            step ship: Held -> Shipped;
        }
    }
}

mod leading {
    stateway::workflow! {
        workflow Order {
            start Placed;
            state Held { hold: u64 };
            done Shipped;
            failed Lost;
            step hold: Placed -> | Held | Lost;
            step ship: Held -> Shipped;
        }
    }
}

mod trailing {
    stateway::workflow! {
        workflow Order {
            start Placed;
            state Held { hold: u64 };
            done Shipped;
            failed Lost;
            step hold: Placed -> Held | Lost |;
            step ship: Held -> Shipped;
        }
    }
}

fn main() {}
