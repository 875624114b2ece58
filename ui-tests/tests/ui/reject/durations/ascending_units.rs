stateway::workflow! {
    workflow Bill {
        start Draft;
        done Paid;
        step pay: Draft -> Paid with timeout(30m1h);
    }
}

fn main() {}
