stateway::workflow! {
    workflow Bill {
        start Draft { untill: std::time::SystemTime };
        state Held;
        done Paid;
        timer wake at until: Draft -> Held;
        timer give_up after patience: Held -> Paid;
    }
}

fn main() {}
