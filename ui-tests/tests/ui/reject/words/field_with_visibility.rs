stateway::workflow! {
    workflow Bill {
        start Draft { pub sum: u64 };
        done Paid;
        step pay: Draft -> Paid;
    }
}

fn main() {}
