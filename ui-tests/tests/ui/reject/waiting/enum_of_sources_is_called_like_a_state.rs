stateway::workflow! {
    workflow Bill {
        start Draft;
        state PayFrom;
        done Paid;
        signal send: Draft -> PayFrom;
        signal pay: Draft | PayFrom -> Paid;
    }
}

fn main() {}
