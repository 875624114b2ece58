stateway::workflow! {
    workflow Bill {
        transient start Draft;
        state Sent;
        state Orphan;
        state Spin;
        done Paid;
        failed Lost;
        step send: Draft -> Sent | Spin | Lost;
        step pay: Sent -> Paid;
        step pay_again: Sent -> Paid;
        step find: Lost -> Paid;
        step adopt: Orphan -> Paid;
        step spin: Spin -> Spin;
        step start: Paid -> Sent;
    }
}

fn main() {}
