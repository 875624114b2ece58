//! The output is kept for the undo.

pub struct Letter;

stateway::workflow! {
    #[derive(Clone)]
    workflow Bill {
        start Draft;
        done Paid;
        split send: Draft -> Paid {
            branch print: crate::Letter with undo(shred);
            branch mail: u32;
            join all;
        }
    }
}

mod not_the_state {
    stateway::workflow! {
        workflow Order {
            start Draft { number: u32 };
            done Paid;
            split send: Draft -> Paid {
                branch print: u32 with undo(shred);
                branch mail: u32;
                join all;
            }
        }
    }
}

fn main() {}
