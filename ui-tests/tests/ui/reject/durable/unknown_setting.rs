stateway::workflow! {
    #[durable(version = 1, store = "redb")]
    workflow Bill {
        start Draft;
        done Paid;
        step pay: Draft -> Paid;
    }
}

fn main() {}
