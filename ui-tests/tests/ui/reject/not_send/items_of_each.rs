stateway::workflow! {
    workflow Rating {
        start Asked { items: Vec<std::cell::Cell<u8>> };
        done Rated;
        failed Lost;
        split rate: Asked -> Rated | Lost {
            each item in items: std::cell::Cell<u8> => u32;
            join all;
        }
    }
}

fn main() {}
