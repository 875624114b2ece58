use std::collections::HashMap;

stateway::workflow! {
    workflow Order {
        input { stock: Vec<u64> }
        start Placed { cart: HashMap<String, u32> };
        state Priced { offers: Option<Vec<(String, u32)>> };
        state Chosen;
        done Paid;

        split price: Placed -> Priced {
            each (product, amount) in cart: String, u32 => u32;
            join all;
        }
        split choose as ChooseNext: Priced -> Chosen {
            each (offer, by) in offers: String, u32 => u32 with spawn;
            join any;
        }
        split pay: Chosen -> Paid {
            each (item, number) in input.stock: u64, u64 => u32;
            join settled;
        }
    }
}

stateway::workflow! {
    #[durable(version = 1)]
    workflow Stored {
        input { cart: HashMap<String, u32> }
        start Kept;
        done Counted;

        split count: Kept -> Counted {
            each (product, amount) in input.cart: String, u32 => u32;
            join all;
        }
    }
}

fn main() {}
