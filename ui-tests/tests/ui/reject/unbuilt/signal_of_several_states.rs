stateway::workflow! {
    workflow Bill {
        start Draft;
        start Held;
        done Paid;
        signal pay: Draft | Held -> Paid;
        timer give_up after 14d: Held -> Paid;
    }
}

fn main() {
    // By hand it leaves both: none of this is another error.
    let _: Bill<Paid> = Bill::start(Draft).pay(|_: Draft| Paid);
    let _: Bill<Paid> = Bill::start(Held).pay(|_: Held| Paid);
    let _: Bill<Paid> = Bill::start(Held).give_up(|_: Held| Paid);
}
