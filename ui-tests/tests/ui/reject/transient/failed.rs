stateway::workflow! {
    workflow Bill {
        start Draft;
        done Paid;
        transient failed Lost;
        step pay: Draft -> Paid | Lost;
    }
}

fn main() {}
