stateway::workflow! {
    workflow Bill {
        start Draft;
        done Paid;
        failed Lost;
        step pay: Draft -> Paid;
        step lose: Draft -> Lost;
    }
}

fn main() {}
