use stateway::prelude::*;

pub struct Card;

workflow! {
    #[durable(version = 1)]
    workflow Order {
        start Placed;
        group Open { card: Card } {
            state Paid;
            state PickedUp;
        }
        done Delivered;
        step pay: Placed -> Paid | PickedUp;
        signal deliver: Open -> Delivered;
    }
}

fn main() {}
