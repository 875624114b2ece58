use stateway::prelude::*;

workflow! {
    workflow Order {
        start Placed;
        group Open { payment: u32 } {
            state Paid;
            state PickedUp { driver: u64 };
        }
        done Delivered;
        step pay: Placed -> Paid;
        signal pick_up(u64): Paid -> PickedUp;
        signal deliver: Open -> Delivered;
    }
}

fn by_hand(order: Order<Placed>) {
    let order = order.pay(|_| Paid);
    order.pick_up(7, |_, driver| PickedUp { driver });
}

fn main() {}
