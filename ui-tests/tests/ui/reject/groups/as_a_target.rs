stateway::workflow! {
    workflow Order {
        start Placed;
        group Open { payment: u32 } {
            state Paid;
            state PickedUp;
        }
        done Delivered;
        step pay: Placed -> Open;
        step pick_up: Paid -> PickedUp;
        step deliver: PickedUp -> Delivered;
    }
}

fn main() {}
