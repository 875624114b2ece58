#![deny(warnings)]

stateway::workflow! {
    workflow Bill {
        start Draft;
        done Paid;
        step pay: Draft -> Paid;
    }
}

pub fn main() {
    let Paid = Bill::start(Draft).pay(|Draft| Paid).into_state();
}
