stateway::workflow! {
    workflow Bill {
        start draft;
        done Paid;
        step Pay: draft -> Paid;
    }
}

fn main() {}
