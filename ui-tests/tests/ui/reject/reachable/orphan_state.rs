stateway::workflow! {
    workflow Bill {
        start Draft;
        state Sent;
        done Paid;
        step pay: Draft -> Paid;
        step remind: Sent -> Paid;
    }
}

fn main() {}
