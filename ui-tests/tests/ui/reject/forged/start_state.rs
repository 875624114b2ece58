stateway::workflow! {
    workflow Bill {
        start Draft;
        done Paid;
        step pay: Draft -> Paid;
    }
}

impl stateway::StartState<Bill> for Paid {}

fn main() {}
