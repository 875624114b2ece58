stateway::workflow! {
    #[durable(version = 1)]
    workflow Bill {
        start Draft { lines: Lines };
        done Paid { receipts: Vec<Receipt> };
        step pay: Draft -> Paid;
    }
}

fn main() {}
