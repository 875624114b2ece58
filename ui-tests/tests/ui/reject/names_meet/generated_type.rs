stateway::workflow! {
    workflow Bill {
        start Draft;
        done BillEnd;
        step pay: Draft -> BillEnd;
    }
}

fn main() {}
