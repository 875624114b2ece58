stateway::workflow! {
    workflow Rating {
        start Asked { items: Vec<u32> };
        done Rated;
        failed Lost;
        split rate: Asked -> Rated | Lost {
            each item in self.items: u32 => u32;
            join all;
        }
    }
}

fn main() {}
