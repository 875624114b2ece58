stateway::workflow! {
    workflow Bill {
        state Draft;
        done Paid;
        step pay: Draft -> Paid;
    }
}

fn main() {}
