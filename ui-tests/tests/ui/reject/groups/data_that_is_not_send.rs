use std::rc::Rc;

use stateway::prelude::*;

workflow! {
    workflow Order {
        start Placed;
        group Open { card: Rc<u32> } {
            state Paid;
            state PickedUp;
        }
        done Delivered;
        step pay: Placed -> Paid | PickedUp;
        signal deliver: Open -> Delivered;
    }
}

fn main() {}
