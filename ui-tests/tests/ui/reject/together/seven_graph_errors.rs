stateway::workflow! {
    workflow Bill {
        transient start Draft;
        state Sent;
        state Orphan;
        state Spin;
        state Hole;
        done Paid;
        failed Lost;
        step send: Draft -> Sent | Spin | Hole | Lost;
        step pay: Sent -> Paid;
        step pay_again: Sent -> Paid;
        step find: Lost -> Paid;
        step adopt: Orphan -> Paid;
        step whirl: Spin -> Spin;
        step redo: Paid -> Sent;
    }
}

fn main() {}
