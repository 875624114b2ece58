stateway::workflow! {
    workflow Order {
        start Placed;
        state Open { payment: u32 } {
            state Paid;
        }
        done Delivered;
        step pay: Placed -> Paid;
        step deliver: Paid -> Delivered;
    }
}

fn main() {}
