stateway::workflow! {
    #[derive(Clone)]
    workflow Bill {
        start Draft;
        state Sent { letter: Letter };
        done Paid;
        failed Lost;
        step send: Draft -> Sent with undo(recall);
        step pay: Sent -> Paid | Lost;
    }
}

pub struct Letter;

fn main() {}
