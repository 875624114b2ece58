stateway::workflow! {
    workflow Bill {
        start Draft;
        done Paid;
        step pay: Draft -> Paid;
        step refund: Paid -> Draft;
    }
}

fn main() {}
