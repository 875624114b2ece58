struct Receipt;

stateway::workflow! {
    #[durable(version = 1)]
    workflow Bill {
        start Draft;
        done Paid;
        signal pay(Receipt): Draft -> Paid;
    }
}

fn main() {}
