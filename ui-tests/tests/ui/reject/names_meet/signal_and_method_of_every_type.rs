stateway::workflow! {
    workflow Bill {
        start Open;
        done Paid;
        signal into: Open -> Paid;
        signal to_owned: Open -> Paid;
    }
}

fn main() {}
