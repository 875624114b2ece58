stateway::workflow! {
    #[derive(Clone)]
    workflow Bill {
        start Draft;
        state Sent { letter: u32 };
        done Paid;
        failed Lost;
        state Mailed;
        step send: Draft -> Sent | Mailed with undo(Sent => recall);
        step pay: Sent -> Paid | Lost;
        step pay_late: Mailed -> Paid;
    }
}

fn main() {}
