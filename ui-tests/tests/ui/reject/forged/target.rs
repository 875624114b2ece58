stateway::workflow! {
    workflow Bill {
        start Draft;
        done Paid;
        step pay: Draft -> Paid;
    }
}

impl stateway::Target<Pay, (), (), Paid> for Draft {}

fn main() {}
