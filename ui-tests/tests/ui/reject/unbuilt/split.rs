stateway::workflow! {
    workflow Bill {
        start Draft;
        done Paid;
        split pay: Draft -> Paid {
            branch card: u64 with retry(3), timeout(2s);
            branch cash: u64;
            join any within 5s;
        }
    }
}

fn main() {}
