mod beside_a_handler {
    stateway::workflow! {
        workflow Order {
            start Placed;
            #[derive(Clone)]
            state Booked;
            done Shipped;

            step book: Placed -> Booked with undo(cancel, in_doubt);
            step ship: Booked -> Shipped;
        }
    }
}

mod with_a_handler {
    stateway::workflow! {
        workflow Order {
            start Placed;
            done Booked;

            step book: Placed -> Booked with undo(doubt => look);
        }
    }
}

mod behind_the_undo {
    stateway::workflow! {
        workflow Order {
            start Placed;
            #[derive(Clone)]
            state Booked;
            done Shipped;

            step book: Placed -> Booked with undo(cancel), in doubt;
            step ship: Booked -> Shipped;
        }
    }
}

mod as_a_clause {
    stateway::workflow! {
        workflow Order {
            start Placed;
            #[derive(Clone)]
            state Booked;
            done Shipped;

            step book: Placed -> Booked with undo(cancel), in_doubt(look);
            step ship: Booked -> Shipped;
        }
    }
}

mod two_handlers {
    stateway::workflow! {
        workflow Order {
            start Placed;
            #[derive(Clone)]
            state Booked;
            done Shipped;

            step book: Placed -> Booked with undo(cancel, look);
            step ship: Booked -> Shipped;
        }
    }
}

fn main() {}
