stateway::workflow! {
    workflow Bill {
        start Draft;
        done Paid;
        step pay: Draft -> Paid;
        step pay: Draft -> Paid;
    }
}

fn main() {}
