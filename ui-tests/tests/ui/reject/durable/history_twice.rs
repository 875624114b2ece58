stateway::workflow! {
    #[durable(version = 1, history = 100, history = 10)]
    workflow Bill {
        start Draft;
        done Paid;
        step pay: Draft -> Paid;
    }
}

fn main() {}
