stateway::workflow! {
    workflow Bill {
        start Draft;
        done Paid;
        failed Lost;
        step pay: Draft -> Paid | Lost;
        step find: Lost -> Paid;
    }
}

fn main() {}
