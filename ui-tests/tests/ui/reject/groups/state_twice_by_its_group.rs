stateway::workflow! {
    workflow Order {
        start Placed;
        group Open { payment: u32 } {
            state Paid;
            state PickedUp;
        }
        done Delivered;
        step pay: Placed -> Paid | PickedUp;
        signal deliver: Paid | Open -> Delivered;
    }
}

fn main() {}
