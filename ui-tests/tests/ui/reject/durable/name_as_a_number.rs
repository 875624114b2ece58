stateway::workflow! {
    #[durable(version = 1, name = 7)]
    workflow Bill {
        start Draft;
        done Paid;
        step pay: Draft -> Paid;
    }
}

fn main() {}
