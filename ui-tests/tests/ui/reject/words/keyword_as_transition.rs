stateway::workflow! {
    workflow Bill {
        start Draft;
        done Paid;
        step match: Draft -> Paid;
    }
}

fn main() {}
