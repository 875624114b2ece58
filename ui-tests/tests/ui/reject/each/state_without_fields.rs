stateway::workflow! {
    workflow Rating {
        start Asked;
        done Rated;
        failed Lost;
        split rate: Asked -> Rated | Lost {
            each item in items: u32 => u32;
            join all;
        }
    }
}

fn main() {}
