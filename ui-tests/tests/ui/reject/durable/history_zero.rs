stateway::workflow! {
    #[durable(version = 1, history = 0)]
    workflow Bill {
        start Draft;
        done Paid;
        step pay: Draft -> Paid;
    }
}

fn main() {}
