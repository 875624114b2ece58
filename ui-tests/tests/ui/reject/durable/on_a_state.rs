stateway::workflow! {
    workflow Bill {
        #[durable(version = 1)]
        start Draft;
        done Paid;
        step pay: Draft -> Paid;
    }
}

fn main() {}
