stateway::workflow! {
    workflow Rating {
        start Asked { items: Vec<u32> };
        done Rated;
        failed Lost;
        split rate: Asked -> Rated | Lost {
            branch credit_a: u32;
            branch credit__a: u32;
            join any;
        }
    }
}

fn main() {}
