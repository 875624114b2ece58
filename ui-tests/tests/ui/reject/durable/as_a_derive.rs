stateway::workflow! {
    #[derive(Clone, durable)]
    workflow Bill {
        start Draft;
        done Paid;
        step pay: Draft -> Paid;
    }
}

fn main() {}
