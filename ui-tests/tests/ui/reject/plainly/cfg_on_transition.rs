stateway::workflow! {
    workflow Bill {
        start Draft;
        done Paid;
        #[cfg(unix)]
        step pay: Draft -> Paid;
    }
}

fn main() {}
