stateway::workflow! {
    workflow Bill {
        start Draft;
        done Paid;
        timer pay after 14d: Draft -> Paid;
    }
}

fn main() {}
