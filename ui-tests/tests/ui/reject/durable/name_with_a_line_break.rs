stateway::workflow! {
    #[durable(version = 1, name = "bill\n")]
    workflow Bill {
        start Draft;
        done Paid;
        step pay: Draft -> Paid;
    }
}

fn main() {}
