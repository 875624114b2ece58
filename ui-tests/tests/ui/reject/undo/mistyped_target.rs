stateway::workflow! {
    #[derive(Clone)]
    workflow Bill {
        start Draft;
        state Sent { letter: u32 };
        done Paid;
        failed Lost;
        step send: Draft -> Sent | Lost with undo(Snet => recall);
        step pay: Sent -> Paid;
    }
}

fn main() {}
