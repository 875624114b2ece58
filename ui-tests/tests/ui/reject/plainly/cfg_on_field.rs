stateway::workflow! {
    workflow Bill {
        start Draft { #[cfg(unix)] sum: u64 };
        done Paid;
        step pay: Draft -> Paid;
    }
}

fn main() {}
