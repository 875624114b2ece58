stateway::workflow! {
    workflow Bill {
        start Draft;
        done Paid;
        stpe pay: Draft -> Paid;
    }
}

fn main() {}
