stateway::workflow! {
    #[durable(version = 1)]
    #[derive(Clone)]
    workflow Bill {
        start Draft;
        state Sent { by: String };
        transient state Drawn { cents: u64 };
        done Paid;
        failed Refused;
        step send_off: Draft -> Sent | Drawn with undo(give_back);
        step draw: Sent -> Drawn;
        step pay: Drawn -> Paid | Refused;
    }
}

fn main() {}
