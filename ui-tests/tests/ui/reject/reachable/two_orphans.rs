stateway::workflow! {
    workflow Bill {
        start Draft;
        state Sent;
        state Late;
        done Paid;
        step pay: Draft -> Paid;
        step delay: Sent -> Late;
        step remind: Late -> Sent | Paid;
    }
}

fn main() {}
