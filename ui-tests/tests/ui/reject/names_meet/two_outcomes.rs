stateway::workflow! {
    workflow Bill {
        start Draft;
        state Sent;
        done Paid;
        step pay_it: Draft -> Sent;
        step pay__it: Sent -> Paid;
    }
}

fn main() {}
