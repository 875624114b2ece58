stateway::workflow! {
    workflow Bill {
        start Draft;
        state Sent;
        done Paid;
        failed Lost;
        step send: Draft -> Sned;
        step pay: Sent -> Paid | Lost;
    }
}

fn main() {}
