stateway::workflow! {
    workflow Bill {
        start Draft { until: std::time::Duration };
        done Paid;
        timer wake at until: Draft -> Paid;
    }
}

fn main() {}
