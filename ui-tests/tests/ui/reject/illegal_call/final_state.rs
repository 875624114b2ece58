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
    let bill = Bill::start(Draft).send(|_| Sent { to: String::new() });
    let bill = bill.pay(|_| Paid);
    let _ = bill.pay(|_| Paid);
}
