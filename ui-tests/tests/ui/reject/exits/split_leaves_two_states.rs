stateway::workflow! {
    workflow Bill {
        start Draft;
        start Copied;
        done Paid;
        split pay: Draft | Copied -> Paid {
            branch card: u32;
            branch bonus: u32;
            join all;
        }
    }
}

fn main() {}
