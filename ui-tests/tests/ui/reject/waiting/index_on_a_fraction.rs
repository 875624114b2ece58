stateway::workflow! {
    #[durable(version = 1)]
    workflow Bill {
        start Draft { #[index] sum: f64 };
        done Paid;
        signal pay: Draft -> Paid;
    }
}

fn main() {}
