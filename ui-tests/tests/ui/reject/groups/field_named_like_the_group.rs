stateway::workflow! {
    workflow Order {
        start Placed;
        group Open { payment: u32 } {
            state Paid { open: bool };
        }
        done Delivered;
        step pay: Placed -> Paid;
        step deliver: Paid -> Delivered;
    }
}

fn main() {}
