stateway::workflow! {
    workflow Bill {
        start Draft;
        done Paid;
        #[derive(Debug)]
        step pay: Draft -> Paid;
    }
}

fn main() {}
