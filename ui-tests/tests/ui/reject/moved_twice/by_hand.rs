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
    let bill = Bill::start(Draft);
    let _first = bill.send(|_| Sent { to: String::new() });
    let _second = bill.send(|_| Sent { to: String::new() });
}
