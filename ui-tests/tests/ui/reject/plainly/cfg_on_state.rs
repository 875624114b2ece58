stateway::workflow! {
    workflow Bill {
        start Draft;
        #[cfg(unix)]
        done Paid;
        step pay: Draft -> Paid;
    }
}

fn main() {}
