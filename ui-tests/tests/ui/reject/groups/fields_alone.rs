stateway::workflow! {
    workflow Order {
        start Placed;
        group Open { payment: u32 };
        done Paid;
        step pay: Placed -> Paid;
    }
}

fn main() {}
