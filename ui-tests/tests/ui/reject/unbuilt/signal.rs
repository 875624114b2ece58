stateway::workflow! {
    workflow Bill {
        start Draft;
        done Paid;
        signal pay(String): Draft -> Paid;
    }
}

fn main() {}
