stateway::workflow! {
    workflow Bill {
        start Draft(u64);
        done Paid;
        step pay: Draft -> Paid;
    }
}

fn main() {}
