stateway::workflow! {
    workflow Bill {
        start Draft;
        done Self;
        step pay: Draft -> Self;
    }
}

fn main() {}
