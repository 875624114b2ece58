stateway::workflow! {
    workflow Rating {
        start Asked { items: Vec<u32> };
        done Rated;
        failed Lost;
        split rate: Asked -> Rated | Lost {
            branch credit: u32 with timeout(10s);
            branch fraud: u32;
            join all within 5s;
        }
    }
}

fn main() {}
