stateway::workflow! {
    workflow Bill {
        start Draft;
        done Paid;
        failed Late;
        step pay: Draft -> Paid;
        timer expire after 5m: Draft -> Late;
    }
}

fn main() {}
