stateway::workflow! {
    workflow Bill {
        start Draft;
        state Sent;
        done Paid;
        step pay: Draft -> Paid | Sent;
    }
}

fn main() {}
