stateway::workflow! {
    workflow Bill {
        start Draft;
        transient done Paid;
        step pay: Draft -> Paid;
    }
}

fn main() {}
