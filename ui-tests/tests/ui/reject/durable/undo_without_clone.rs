stateway::workflow! {
    #[durable(version = 1)]
    workflow Bill {
        start Draft;
        state Reserved { cents: u64 };
        done Paid;
        failed Refused;
        step reserve: Draft -> Reserved with undo(release);
        step pay: Reserved -> Paid | Refused;
    }
}

fn main() {}
