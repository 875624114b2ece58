stateway::workflow! {
    workflow Bill {
        start Draft;
        state Sent;
        done Paid;
        step send: Draft -> Sent;
        step pay: Sent -> Paid;
    }
}

fn main() {
    let _ = Bill::start(Draft).send(|_| Paid);
}
