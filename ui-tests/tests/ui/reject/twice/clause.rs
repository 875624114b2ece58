stateway::workflow! {
    workflow Bill {
        #[derive(Clone)]
        start Draft;
        done Paid;
        step pay: Draft -> Paid with retry(3), retry(5);
    }
}

fn main() {}
