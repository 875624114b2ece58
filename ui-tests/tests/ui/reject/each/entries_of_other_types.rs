use std::collections::BTreeMap;

stateway::workflow! {
    workflow Order {
        start Placed { cart: BTreeMap<String, u32> };
        done Paid;

        split price: Placed -> Paid {
            each (product, amount) in cart: String, u64 => u32;
            join all;
        }
    }
}

fn main() {}
