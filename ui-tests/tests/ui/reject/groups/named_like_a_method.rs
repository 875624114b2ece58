stateway::workflow! {
    workflow Order {
        start Placed;
        group Input { payment: u32 } {
            state Paid;
        }
        group Type { grams: u32 } {
            state Weighed;
        }
        done Delivered;
        step pay: Placed -> Paid;
        step weigh: Paid -> Weighed;
        step deliver: Weighed -> Delivered;
    }
}

fn main() {}
