stateway::workflow! {
    #[durable(version = 1)]
    workflow Bill {
        start Draft { title: &'static str };
        done Paid;
        step pay: Draft -> Paid;
    }
}

fn main() {}
