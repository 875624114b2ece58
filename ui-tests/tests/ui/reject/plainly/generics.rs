stateway::workflow! {
    workflow Bill<T> {
        start Draft;
        done Paid;
        step pay: Draft -> Paid;
    }
}

fn main() {}
