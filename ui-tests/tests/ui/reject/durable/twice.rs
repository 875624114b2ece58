stateway::workflow! {
    #[durable(version = 1)]
    #[durable(version = 2)]
    workflow Bill {
        start Draft;
        done Paid;
        step pay: Draft -> Paid;
    }
}

fn main() {}
