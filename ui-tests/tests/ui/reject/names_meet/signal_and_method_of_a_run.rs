stateway::workflow! {
    workflow Bill {
        start Draft;
        state Open;
        state Held;
        done Paid;
        // Only signals are sent by a run's handle.
        step info: Draft -> Open;
        signal reached: Open -> Held;
        signal changes(u64): Open -> Paid;
        signal end: Held -> Paid;
    }
}

fn main() {}
