use std::rc::Rc;

use stateway::prelude::*;

workflow! {
    workflow Auction {
        start Open;
        done Sold;

        signal hammer answers Rc<u32>: Open -> Sold;
    }
}

fn main() {}
