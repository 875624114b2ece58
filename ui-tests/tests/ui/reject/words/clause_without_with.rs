stateway::workflow! {
    workflow Bill {
        start Draft;
        done Paid;
        step pay: Draft -> Paid retry(3);
    }
}

fn main() {}
