stateway::workflow! {
    #[derive(Clone)]
    workflow Bill {
        start Draft;
        state Sent { letter: u32 };
        done Paid;
        failed Lost;
        deadline 1h;
        step send: Draft -> Sent with timeout(2h);
        step pay: Sent -> Paid | Lost;
    }
}

fn main() {}
