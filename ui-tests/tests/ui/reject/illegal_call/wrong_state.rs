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
    let bill = bill.pay(|sent| {
        println!("{}", sent.to);
        Paid
    });
    let _paid: Paid = bill.into_state();
}
