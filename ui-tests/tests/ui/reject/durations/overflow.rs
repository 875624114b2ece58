stateway::workflow! {
    workflow Bill {
        start Draft;
        done Paid;
        step pay: Draft -> Paid with timeout(999999999999999999d);
    }
}

fn main() {}
