stateway::workflow! {
    #[durable(version = 1)]
    workflow Bill {
        start Draft;
        done Paid;
        signal pay(&'static str): Draft -> Paid;
    }
}

fn main() {}
