stateway::workflow! {
    #[derive(Clone)]
    workflow Bill {
        start Draft;
        state Sent { letter: u32 };
        done Paid;
        failed Lost;
        step send: Draft -> Sent with undo(recall, retri(3));
        step pay: Sent -> Paid | Lost;
    }
}

fn main() {}
