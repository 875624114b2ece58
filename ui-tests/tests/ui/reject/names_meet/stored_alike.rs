#![allow(non_camel_case_types)]

stateway::workflow! {
    workflow Bill {
        start Draft;
        state InReview;
        done In_Review;
        step send: Draft -> InReview;
        step pay: InReview -> In_Review;
    }
}

fn main() {}
