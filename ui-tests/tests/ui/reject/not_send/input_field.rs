stateway::workflow! {
    workflow Bill {
        input { shared: std::cell::Cell<u8> }
        start Draft;
        done Paid;
        step pay: Draft -> Paid;
    }
}

fn main() {}
