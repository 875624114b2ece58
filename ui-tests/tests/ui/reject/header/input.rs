//! The input has braces.

mod fields {
    stateway::workflow! {
        workflow Order {
            input customer: u64;
            start Placed;
            done Shipped;
            step ship: Placed -> Shipped;
        }
    }
}

mod parentheses {
    stateway::workflow! {
        workflow Order {
            input(customer: u64);
            start Placed;
            done Shipped;
            step ship: Placed -> Shipped;
        }
    }
}

mod default {
    stateway::workflow! {
        workflow Order {
            input { customer: u64 = 0 }
            start Placed;
            done Shipped;
            step ship: Placed -> Shipped;
        }
    }
}

fn main() {}
