stateway::workflow! {
    workflow Rating {
        start Asked { items: Vec<u32> };
        done Rated;
        failed Lost;
        split rate: Asked -> Rated | Lost {
            branch credit: u32;
            each item in items: u32 => u32;
            join all;
        }
    }
}

fn main() {}
