stateway::workflow! {
    #[derive(Clone)]
    workflow Bill {
        start Draft;
        state Sent { letter: u32 };
        done Paid;
        failed Lost;
        deadline(5s);
        step send: Draft -> Sent;
        step pay: Sent -> Paid | Lost;
    }
}

fn main() {}
