stateway::workflow! {
    workflow Bill {
        start Draft;
        state Sent;
        done Paid;
        step send: Draft -> ;
        step pay: Sent -> Paid;
    }
}

fn main() {}
