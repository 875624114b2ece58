stateway::workflow! {
    workflow Order {
        start Placed;
        group Open { payment: u32 } {
            state Paid;
            step deliver: Paid -> Delivered;
        }
        done Delivered;
        step pay: Placed -> Paid;
    }
}

fn main() {}
