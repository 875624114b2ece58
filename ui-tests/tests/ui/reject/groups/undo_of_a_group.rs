stateway::workflow! {
    #[derive(Clone)]
    workflow Order {
        start Placed;
        group Open { payment: u32 } {
            state Paid;
            state PickedUp;
        }
        done Delivered;
        step pay: Placed -> Paid | PickedUp with undo(Open => pay_back);
        signal deliver: Open -> Delivered;
    }
}

fn main() {}
