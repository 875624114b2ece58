stateway::workflow! {
    workflow Order {
        start Placed;
        group Input { payment: u32 } {
            state Paid;
        }
        group Type { grams: u32 } {
            state Weighed;
        }
        group Run { truck: u32 } {
            state Loaded;
        }
        done Delivered;
        step pay: Placed -> Paid;
        step weigh: Paid -> Weighed;
        step load: Weighed -> Loaded;
        step deliver: Loaded -> Delivered;
    }
}

fn main() {}
