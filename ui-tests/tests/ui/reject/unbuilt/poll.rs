stateway::workflow! {
    workflow Bill {
        start Draft;
        done Paid;
        poll pay every 5s: Draft -> Paid;
    }
}

fn main() {}
