stateway::workflow! {
    workflow Rating {
        start Asked { seen: std::cell::Cell<u32> };
        done Rated;
        failed Lost;
        split rate: Asked -> Rated | Lost {
            branch credit: u32;
            branch fraud: u32;
            join all;
        }
    }
}

fn main() {}
