stateway::workflow! {
    workflow Bill {
        start Draft;
        done Paid;
        failed Lost;
        step pay: Draft -> Paid;
        signal cancel: Draft -> Lost;
    }
}

fn main() {}
