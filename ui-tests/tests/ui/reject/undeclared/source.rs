stateway::workflow! {
    workflow Bill {
        start Draft;
        done Paid;
        step pay: Drafted -> Paid;
    }
}

fn main() {}
