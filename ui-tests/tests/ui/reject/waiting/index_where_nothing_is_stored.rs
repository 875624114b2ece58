stateway::workflow! {
    workflow Bill {
        start Draft { #[index] group: String };
        done Paid;
        signal pay: Draft -> Paid;
    }
}

fn main() {}
