stateway::workflow! {
    workflow Order {
        start Placed;
        group Open { payment: u32 } {
            state Paid;
            state PickedUp;
        }
        done Delivered;
        failed Late;
        step pay: Placed -> Paid;
        signal pick_up: Paid -> PickedUp;
        signal deliver: PickedUp -> Delivered;
        timer expire after 3h: Open -> Late;
    }
}

fn main() {}
