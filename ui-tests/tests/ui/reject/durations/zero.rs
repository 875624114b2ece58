stateway::workflow! {
    workflow Bill {
        start Draft;
        done Paid;
        step pay: Draft -> Paid with timeout(0s);
    }
}

fn main() {}
