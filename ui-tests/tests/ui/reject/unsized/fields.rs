//! Data is held by value.

mod text {
    stateway::workflow! {
        workflow Order {
            input { name: str }
            start Placed { more: [u8] };
            done Shipped { what: dyn Send };
            step ship: Placed -> Shipped;
        }
    }
}

mod borrowed {
    stateway::workflow! {
        workflow Order {
            start Placed { name: &str };
            done Shipped { what: std::borrow::Cow<'a, str> };
            step ship: Placed -> Shipped;
        }
    }
}

mod opaque {
    stateway::workflow! {
        workflow Order {
            start Placed { make: impl Fn() };
            done Shipped;
            step ship: Placed -> Shipped;
        }
    }
}

mod signals {
    stateway::workflow! {
        workflow Order {
            start Placed;
            done Shipped;
            signal ship(str) answers [u8]: Placed -> Shipped;
        }
    }
}

mod groups {
    stateway::workflow! {
        workflow Order {
            start Placed;
            group Open { more: str } {
                state Paid;
            }
            done Shipped;
            step pay: Placed -> Paid;
            step ship: Paid -> Shipped;
        }
    }
}

fn main() {}
