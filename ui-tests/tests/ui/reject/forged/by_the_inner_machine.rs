stateway::workflow! {
    workflow Bill {
        start Draft;
        done Paid;
        step pay: Draft -> Paid;
    }
}

fn main() {
    let _ = Bill(Bill::start(Draft).0.advance(|_: Draft| Paid));
}
