stateway::workflow! {
    #[derive(Clone)]
    workflow Bill {
        start Draft;
        state Sent { letter: u32 };
        done Paid;
        failed Lost;
        state Doubtful;
        step send: Draft -> Sent | Doubtful;
        step pay: Sent -> Paid;
        step lose: Doubtful -> Lost with undo(find);
    }
}

fn main() {}
