stateway::workflow! {
    workflow Order {
        start Placed;
        state Branch { number: u32 };
        done Shipped;
        step pick: Placed -> Branch;
        step ship: Branch -> Shipped;
    }
}

fn main() {}
