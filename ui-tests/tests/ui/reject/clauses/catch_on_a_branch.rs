stateway::workflow! {
    workflow Bill {
        start Draft;
        done Paid;
        split pay: Draft -> Paid {
            branch cash: u32;
            branch card: u32 with catch(by_hand);
            join all;
        }
    }
}

fn main() {}
