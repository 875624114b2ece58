stateway::workflow! {
    workflow Rating {
        start Asked;
        state Seen;
        done Rated;
        failed Lost;
        split again: Asked -> Seen {
            branch fraud: u32;
            branch age: u32;
            join any;
        }
        split rate: Seen -> Rated | Lost {
            branch credit: u32;
            branch fraud: u32;
            join all;
        }
    }
}

fn main() {}
