stateway::workflow! {
    workflow Bill {
        start Draft;
        state Sent { to: String };
        done Paid;
        step send: Draft -> Sent;
        step pay: Sent -> Paid;
    }
}

fn main() {
    let _ = Bill { state: Paid };
}
