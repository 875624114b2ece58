stateway::workflow! {
    workflow Order {
        start Placed;
        group Open { until: std::time::SystemTime } {
            state Paid;
            state Packed;
        }
        done Delivered;
        failed Late;
        step pay: Placed -> Paid;
        step pack: Paid -> Packed;
        signal deliver: Packed -> Delivered;
        timer expire at until: Open -> Late;
        signal cancel: Open -> Late;
    }
}

fn main() {}
