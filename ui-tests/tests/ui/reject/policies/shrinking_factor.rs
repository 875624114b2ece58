stateway::workflow! {
    #[derive(Clone)]
    workflow Bill {
        start Draft;
        state Sent { letter: u32 };
        done Paid;
        failed Lost;
        step send: Draft -> Sent with retry(3, backoff 1s..2s, factor 0.5);
        step pay: Sent -> Paid | Lost;
    }
}

fn main() {}
