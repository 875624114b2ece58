stateway::workflow! {
    workflow Bill {
        #[perpetual]
        start Draft;
        done Paid;
        step pay: Draft -> Paid;
    }
}

fn main() {}
