stateway::workflow! {
    workflow Bill {
        start Draft { sum: u64, sum: u64 };
        done Paid;
        step pay: Draft -> Paid;
    }
}

fn main() {}
