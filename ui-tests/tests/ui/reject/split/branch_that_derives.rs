stateway::workflow! {
    workflow Rating {
        start Asked { items: Vec<u32> };
        done Rated;
        failed Lost;
        split rate: Asked -> Rated | Lost {
            #[derive(Debug)]
            branch credit: u32;
            branch fraud: u32;
            join all;
        }
    }
}

fn main() {}
