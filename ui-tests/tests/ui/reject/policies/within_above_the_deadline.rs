stateway::workflow! {
    workflow Rating {
        start Asked { items: Vec<u32> };
        done Rated;
        failed Lost;
        split rate: Asked -> Rated | Lost with deadline(5s) {
            branch credit: u32;
            branch fraud: u32;
            join all within 10s;
        }
    }
}

fn main() {}
