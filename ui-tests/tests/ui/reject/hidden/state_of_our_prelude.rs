stateway::workflow! {
    workflow Order {
        start Placed;
        state Branch { number: u32 };
        done Shipped;
        step pick: Placed -> Branch;
        failed Answered;
        step ship: Branch -> Shipped | Answered;
    }
}

fn main() {}
