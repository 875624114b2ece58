#![deny(unused_must_use)]

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
    Bill::start(Draft).send(|_| Sent { to: String::new() });
}
