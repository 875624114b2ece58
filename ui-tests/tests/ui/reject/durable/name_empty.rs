stateway::workflow! {
    #[durable(version = 1, name = "")]
    workflow Bill {
        start Draft;
        done Paid;
        step pay: Draft -> Paid;
    }
}

fn main() {}
