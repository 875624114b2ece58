//! Words around the name of a workflow.

mod behind {
    stateway::workflow! {
        workflow pub Order {
            start Placed;
            done Shipped;
            step ship: Placed -> Shipped;
        }
    }
}

mod durable {
    stateway::workflow! {
        durable workflow Order {
            start Placed;
            done Shipped;
            step ship: Placed -> Shipped;
        }
    }
}

mod quoted {
    stateway::workflow! {
        workflow "Order" {
            start Placed;
            done Shipped;
            step ship: Placed -> Shipped;
        }
    }
}

mod small {
    stateway::workflow! {
        workflow order {
            start Placed;
            done Shipped;
            step ship: Placed -> Shipped;
        }
    }
}

mod bounds {
    stateway::workflow! {
        workflow Order where u8: Copy {
            start Placed;
            done Shipped;
            step ship: Placed -> Shipped;
        }
    }
}

mod tuple {
    stateway::workflow! {
        workflow Order(u64) {
            start Placed;
            done Shipped;
            step ship: Placed -> Shipped;
        }
    }
}

mod version {
    stateway::workflow! {
        #[durable(1)]
        workflow Order {
            start Placed;
            done Shipped;
            step ship: Placed -> Shipped;
        }
    }
}

fn main() {}
