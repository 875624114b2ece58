stateway::workflow! {
    workflow Rating {
        start Asked { items: Vec<u32> };
        done Rated;
        failed Lost;
        split rate: Asked -> Rated | Lost {
            each item in items: u32 => u32 at most 8;
            join all;
        }
    }
}

fn main() {}
