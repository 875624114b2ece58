stateway::workflow! {
    workflow Bill {
        start Draft;
        transient state Sent;
        done Paid;
        step send: Draft -> Sent;
        signal pay: Sent -> Paid;
    }
}

fn main() {}
