stateway::workflow! {
    workflow Bill {
        start Draft { sum: , customer: u64 };
        done Paid;
        step pay: Draft -> Paid;
    }
}

fn main() {}
