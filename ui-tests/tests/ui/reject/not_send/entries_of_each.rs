stateway::workflow! {
    workflow Rating {
        start Asked { items: std::collections::BTreeMap<u8, std::cell::Cell<u8>> };
        done Rated;
        failed Lost;
        split rate: Asked -> Rated | Lost {
            each (item, seen) in items: u8, std::cell::Cell<u8> => u32;
            join all;
        }
    }
}

fn main() {}
