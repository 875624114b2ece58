stateway::workflow! {
    workflow Bill {
        start Draft;
        state Sent;
        done Paid;
        step __: Draft -> Sent;
        step self_: Sent -> Paid;
    }
}

fn main() {}
