stateway::workflow! {
    workflow Bill {
        start Draft;
        done Paid;
        step run: Draft -> Paid;
    }
}

fn main() {}
