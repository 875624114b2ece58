stateway::workflow! {
    workflow Rating {
        start Asked { items: Vec<u32> };
        done Rated;
        failed Lost;
        split rate: Asked -> Rated | Lost {
            branch credit: u32;
            branch credit: u32;
            join all;
        }
    }
}

fn main() {}
