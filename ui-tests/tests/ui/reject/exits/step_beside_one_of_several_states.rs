stateway::workflow! {
    workflow Bill {
        start Draft;
        start Copied;
        done Paid;
        step pay: Draft | Copied -> Paid;
        step redo: Copied -> Draft;
    }
}

fn main() {}
