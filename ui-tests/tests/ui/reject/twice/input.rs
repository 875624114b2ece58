stateway::workflow! {
    workflow Bill {
        input { customer: u64 }
        input { sum: u64 }
        start Draft;
        done Paid;
        step pay: Draft -> Paid;
    }
}

fn main() {}
