stateway::workflow! {
    workflow Bill {
        transient start Draft;
        done Paid;
        step pay: Draft -> Paid;
    }
}

fn main() {}
