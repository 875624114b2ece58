use stateway::prelude::*;

workflow! {
    workflow Bill {
        start Draft;
        state Held;
        done Paid;
        signal hold: Draft -> Held;
        signal pay(u64): Held -> Paid;
        timer give_up after 14d: Held -> Paid;
    }
}

fn main() {
    Bill::start(Draft).pay(7, |_, _| Paid);
}
