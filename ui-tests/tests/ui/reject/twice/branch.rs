stateway::workflow! {
    workflow Bill {
        start Draft;
        done Paid;
        split pay: Draft -> Paid {
            branch card: u64;
            branch card: u64;
            join any;
        }
    }
}

fn main() {}
