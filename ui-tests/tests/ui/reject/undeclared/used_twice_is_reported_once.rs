stateway::workflow! {
    workflow Bill {
        start Draft;
        state Snet;
        done Paid;
        step send: Draft -> Archived;
        step restore: Archived -> Snet;
        step pay: Snet -> Paid | Archived;
    }
}

fn main() {}
