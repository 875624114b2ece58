stateway::workflow! {
    #[derive(Clone)]
    workflow Bill {
        start Draft;
        state Sent { letter: u32 };
        done Paid;
        failed Lost;
        step send: Draft -> Sent with undo(Sent => recall, Sent => call_back);
        step pay: Sent -> Paid | Lost;
    }
}

fn main() {}
