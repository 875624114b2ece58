//! Signs of two or three characters are underlined as a whole, and what is missing is missed behind what was read.

mod fat {
    stateway::workflow! {
        workflow Order {
            start Placed;
            state Held { hold: u64 };
            done Shipped;
            failed Lost;
            step hold: Placed => Held | Lost;
            step ship: Held -> Shipped;
        }
    }
}

mod long {
    stateway::workflow! {
        workflow Order {
            start Placed;
            state Held { hold: u64 };
            done Shipped;
            failed Lost;
            step hold: Placed --> Held | Lost;
            step ship: Held -> Shipped;
        }
    }
}

mod word {
    stateway::workflow! {
        workflow Order {
            start Placed;
            state Held { hold: u64 };
            done Shipped;
            failed Lost;
            step hold: Placed to Held | Lost;
            step ship: Held -> Shipped;
        }
    }
}

mod paths {
    stateway::workflow! {
        workflow Order {
            start Placed;
            state Held { hold: u64 };
            done Shipped;
            failed Lost;
            step hold:: Placed -> Held | Lost;
            step ship: Held -> Shipped;
        }
    }
}

mod equals {
    stateway::workflow! {
        workflow Order {
            start Placed;
            state Held { hold: u64 };
            done Shipped;
            failed Lost;
            step hold = Placed -> Held | Lost;
            step ship: Held -> Shipped;
        }
    }
}

mod chain {
    stateway::workflow! {
        workflow Order {
            start Placed;
            state Held { hold: u64 };
            done Shipped;
            failed Lost;
            step hold: Placed -> Held -> Lost;
            step ship: Held -> Shipped;
        }
    }
}

mod bare {
    stateway::workflow! {
        workflow Order {
            start Placed;
            state Held { hold: u64 };
            done Shipped;
            failed Lost;
            step hold: -> Held | Lost;
            step ship: Held -> Shipped;
        }
    }
}

mod nowhere {
    stateway::workflow! {
        workflow Order {
            start Placed;
            state Held { hold: u64 };
            done Shipped;
            failed Lost;
            step hold: Placed -> ;
            step ship: Held -> Shipped;
        }
    }
}

mod parentheses {
    stateway::workflow! {
        workflow Order {
            start Placed;
            state Held { hold: u64 };
            done Shipped;
            failed Lost;
            step hold(Placed) -> Held | Lost;
            step ship: Held -> Shipped;
        }
    }
}

fn main() {}
