stateway::workflow! {
    #[durable(version = 1)]
    workflow Bill {
        start Draft;
        #[derive(Clone)]
        transient state Drawn { cents: u64 };
        done Paid;
        failed Refused;
        step draw: Draft -> Drawn with undo(give_back);
        step pay: Drawn -> Paid | Refused;
    }
}

fn main() {}
