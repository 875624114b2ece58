stateway::workflow! {
    workflow Bill {
        start Draft { until: String, patience: u64 };
        done Paid;
        timer wake at until: Draft -> Paid;
        timer give_up after patience: Draft -> Paid;
    }
}

fn main() {}
