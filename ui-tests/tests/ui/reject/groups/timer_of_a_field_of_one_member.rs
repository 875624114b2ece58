use std::time::SystemTime;

stateway::workflow! {
    workflow Order {
        start Placed;
        group Open { payment: u32, until: SystemTime } {
            state Paid;
            state PickedUp { within: SystemTime };
        }
        done Delivered;
        failed Late;
        step pay: Placed -> Paid | PickedUp;
        signal deliver: Open -> Delivered;
        timer expire at within: Open -> Late;
        timer give_up at untill: Paid -> Late;
    }
}

fn main() {}
