#![allow(non_camel_case_types)]

stateway::workflow! {
    workflow Bill {
        start Draft;
        start Copy_;
        done Paid;
        step pay: Draft -> Paid;
    }
}

fn main() {}
