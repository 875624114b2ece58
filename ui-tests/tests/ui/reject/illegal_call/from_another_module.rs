mod bills {
    stateway::workflow! {
        pub workflow Bill {
            start Draft;
            state Sent;
            done Paid;
            step send: Draft -> Sent;
            step pay: Sent -> Paid;
        }
    }
}

fn main() {
    let bill = bills::Bill::start(bills::Draft);
    let _ = bill.pay(|_| bills::Paid);
}
