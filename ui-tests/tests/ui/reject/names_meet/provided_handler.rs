stateway::workflow! {
    #[derive(Clone)]
    workflow Bill {
        start Draft;
        state Sent { letter: u32 };
        done Paid;
        failed Lost;
        step send: Draft -> Sent;
        step retryable: Sent -> Paid | Lost;
    }
}

fn main() {}
