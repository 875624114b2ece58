stateway::workflow! {
    workflow Bill {
        start Draft { type: u8 };
        done Paid;
        step pay: Draft -> Paid;
    }
}

fn main() {}
