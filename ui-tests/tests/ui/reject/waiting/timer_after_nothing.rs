stateway::workflow! {
    workflow Bill {
        start Draft;
        done Paid;
        timer wake after 0s: Draft -> Paid;
    }
}

fn main() {}
