stateway::workflow! {
    workflow Order {
        start Placed;
        group Open { payment: u32 } {
            state Paid;
            state PickedUp;
        }
        done Delivered;
        step pay: Placed -> Paid | PickedUp;
        poll deliver every 1m: Open -> Delivered;
        signal note(String): Open;
    }
}

fn main() {}
