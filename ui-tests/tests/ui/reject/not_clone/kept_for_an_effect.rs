mod in_doubt {
    stateway::workflow! {
        workflow Order {
            start Placed { room: u32 };
            done Booked;

            step book: Placed -> Booked with undo(in doubt => look);
        }
    }
}

mod of_a_branch {
    stateway::workflow! {
        workflow Order {
            start Placed { room: u32 };
            done Booked;

            split book: Placed -> Booked {
                branch hotel: u32 with undo(cancel);
                branch car: u32;
                join all;
            }
        }
    }
}

fn main() {}
