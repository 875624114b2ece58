stateway::workflow! {
    workflow Bill {
        start Draft;
        done Sent;
        step pay: Draft -> Sent;
        step drop: Draft -> Pay;
    }
}

fn main() {}
