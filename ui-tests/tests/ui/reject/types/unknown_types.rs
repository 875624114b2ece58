//! A type is written several times in what a block becomes, and reported once.

stateway::workflow! {
    workflow Order {
        input { names: Vec<Nam> }
        start Placed { papers: Vec<Paper> };
        state Checked { holds: Option<Hold> };
        done Shipped;
        split check: Placed -> Checked {
            branch one: Vec<One>;
            branch two: Two;
            join all;
        }
        signal ship(Vec<Parcel>) answers Option<Answer>: Checked -> Shipped;
    }
}

fn main() {}
