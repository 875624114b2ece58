stateway::workflow! {
    #[derive(Clone)]
    workflow Bill {
        start Draft;
        state Sent { letter: u32 };
        done Paid;
        failed Lost;
        step send: Draft -> Sent with retry("often");
        step pay: Sent -> Paid | Lost;
    }
}

fn main() {}
