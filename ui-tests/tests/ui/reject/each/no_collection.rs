use std::collections::{BTreeMap, HashMap};

stateway::workflow! {
    workflow Order {
        input { papers: Option<Vec<String>> }
        start Placed { cart: BTreeMap<String, u32>, notes: Option<Vec<u8>> };
        state Priced { stock: HashMap<u64, String> };
        state Noted { notes: Option<Vec<u8>> };
        state Read;
        done Paid;

        split price: Placed -> Priced {
            each product in cart: String => u32;
            join all;
        }
        split count: Priced -> Noted {
            each number in stock: u64 => u32;
            join all;
        }
        split note: Noted -> Read {
            each note_of in notes: u8 => u32;
            join all;
        }
        split read as ReadNext: Read -> Paid {
            each paper in input.papers: String => u32 with spawn;
            join all;
        }
    }
}

fn main() {}
