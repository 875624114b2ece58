//! Parts that do not belong to a transition, or stand in another place.

mod asynchronous {
    stateway::workflow! {
        workflow Order {
            start Placed;
            done Shipped;
            async step ship: Placed -> Shipped;
        }
    }
}

mod function {
    stateway::workflow! {
        workflow Order {
            start Placed;
            done Shipped;
            async fn ship: Placed -> Shipped;
        }
    }
}

mod another_word {
    stateway::workflow! {
        workflow Order {
            start Placed;
            done Shipped;
            call ship: Placed -> Shipped;
        }
    }
}

mod no_word {
    stateway::workflow! {
        workflow Order {
            start Placed;
            done Shipped;
            ship: Placed -> Shipped;
        }
    }
}

mod no_name {
    stateway::workflow! {
        workflow Order {
            start Placed;
            done Shipped;
            step Placed -> Shipped;
        }
    }
}

mod fields {
    stateway::workflow! {
        workflow Order {
            start Placed;
            done Shipped { by: u8 };
            step ship: Placed -> Shipped { by };
        }
    }
}

mod outcome {
    stateway::workflow! {
        workflow Order {
            start Placed;
            done Shipped;
            step ship: Placed -> Shipped as Sent;
        }
    }
}

mod attribute {
    stateway::workflow! {
        workflow Order {
            start Placed;
            done Shipped;
            #[retry(3)]
            step ship: Placed -> Shipped;
        }
    }
}

mod star {
    stateway::workflow! {
        workflow Order {
            start Placed;
            done Shipped;
            step ship: * -> Shipped;
        }
    }
}

mod dashed {
    stateway::workflow! {
        workflow Order {
            start Placed;
            done Shipped;
            step ship: Placed -> Ship-ped;
        }
    }
}

fn main() {}
