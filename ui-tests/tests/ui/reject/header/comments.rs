//! Comments and attributes that are written otherwise.

mod hash {
    stateway::workflow! {
        workflow Order {
            # the first state
            start Placed;
            done Shipped;
            step ship: Placed -> Shipped;
        }
    }
}

mod inner {
    stateway::workflow! {
        workflow Order {
            #![allow(dead_code)]
            start Placed;
            done Shipped;
            step ship: Placed -> Shipped;
        }
    }
}

mod docs {
    stateway::workflow! {
        workflow Order {
            //! The states.
            start Placed;
            done Shipped;
            step ship: Placed -> Shipped;
        }
    }
}

mod end {
    stateway::workflow! {
        workflow Order {
            start Placed;
            done Shipped;
            step ship: Placed -> Shipped;
            /// The end.
        }
    }
}

mod within {
    stateway::workflow! {
        workflow Order {
            start Placed;
            done Shipped;
            step ship: Placed -> Shipped
                /// Twice.
                with timeout(2s);
        }
    }
}

fn main() {}
